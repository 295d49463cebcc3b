// Manifests of sets: orders consumers with a queue each, under a StatefulSet or a Deployment, and what goes with them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "test/e2e/orders.h"

namespace harness {

// One that may be migrated: 50 ms for each order, five delivered ahead. Its queue is the template's to name.
[[nodiscard]] ConsumerSpec set_consumer();

struct SetSpec {
  int replicas = 3;
  int first = 0;  // spec.ordinals.start
  bool parallel = false;
  double per_second = 10;  // into each queue that is fed, by two producers together
  int loaded = 0;          // how many ordinals, the first ones; 0: all
  ConsumerSpec consumer = set_consumer();
  int warm_up = 20;    // so many has each of those handled when it begins
  bool apart = false;  // no two of its Pods on one node, of which they have two
};

// On node-a and node-b, wherever a scheduler wants; the broker is on the third.
[[nodiscard]] nlohmann::json two_nodes();

// A Pod's template for orders consumers on these.
// `lane`: the field of a Pod after which its queue is named ("metadata.name"); `annotated`: the same for the product
// ("{pod}").
[[nodiscard]] nlohmann::json consumer_template(const Orders& orders, const std::string& lane,
                                               const std::string& annotated, ConsumerSpec consumer = set_consumer());

// Named NAME, and its Pods have the label app=NAME.
[[nodiscard]] nlohmann::json stateful_set(const std::string& ns, const std::string& name, const SetSpec& spec,
                                          const nlohmann::json& pod_template);
// Its Pods one a node, of those that they may run on: no node may have two more than another.
void spread_over_nodes(nlohmann::json& set);
// No Pod of it on a node with another one.
void keep_apart(nlohmann::json& set);
// With a DNS name for each Pod.
[[nodiscard]] nlohmann::json headless_service(const std::string& ns, const std::string& name, const std::string& app);
[[nodiscard]] nlohmann::json deployment(const std::string& ns, const std::string& name, int replicas,
                                        const nlohmann::json& pod_template);
// At most one of a StatefulSet's Pods may be evicted.
[[nodiscard]] nlohmann::json disruption_budget(const std::string& ns, const std::string& set);
// Without metrics it only keeps the number between these two.
[[nodiscard]] nlohmann::json autoscaler(const std::string& ns, const std::string& set, int least, int most);

}  // namespace harness
