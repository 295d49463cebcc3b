// The test cluster's RabbitMQ as its administrator sees it, and what may be done to it.
#pragma once

#include <string>
#include <vector>

#include "test/e2e/product_processes.h"
#include "test/harness/cluster.h"

namespace harness {

// A call of the management API: "PUT", "/policies/%2F/short". Returns what it answered; an error of the broker's too.
std::string management(const Cluster& cluster, const std::string& method, const std::string& path,
                       const std::string& body = "");

// A user with that name as its password, who may see everything and has these rights (regular expressions).
void make_broker_user(const Cluster& cluster, const std::string& name, const std::string& configure);
// Which user a namespace's Secret names.
void set_broker_user(const Cluster& cluster, const std::string& ns, const std::string& name);

// Queues whose name begins with it; deleted, whatever is in them.
[[nodiscard]] std::vector<std::string> queues(const Cluster& cluster, const std::string& prefix,
                                              const std::string& virtual_host = "/");
void delete_queue(const Cluster& cluster, const std::string& name);

// One binding more of a queue, to an exchange that it is bound to; and without it again.
void bind_further(const Cluster& cluster, const std::string& queue, const std::string& key);
void unbind(const Cluster& cluster, const std::string& queue, const std::string& key);

// The connections that consume a queue, by the broker's names for them; waits until there are some.
[[nodiscard]] std::vector<std::string> consuming_connections(const Cluster& cluster, const std::string& queue);
// Messages a second that come into a queue, by the broker's statistics of its last seconds; 0 before it has any.
[[nodiscard]] double publish_rate(const Cluster& cluster, const std::string& queue);
void close_connection(const Cluster& cluster, const std::string& connection);

[[nodiscard]] ProductProcess broker_process(const Cluster& cluster);
// Its Pod is deleted, and comes again with the same data.
void restart_broker(const Cluster& cluster);
void wait_for_broker(const Cluster& cluster);

}  // namespace harness
