// The product's own processes on the cluster: found, measured, and disturbed: killed, put to sleep and woken.
#pragma once

#include <string>

#include "test/harness/cluster.h"

namespace harness {

// A process of one of the product's Pods.
struct ProductProcess {
  std::string pod;
  std::string pod_uid;
  std::string node;
  std::string program;  // "migrate-agent"
};

[[nodiscard]] ProductProcess agent_on(const Cluster& cluster, const std::string& node);
// The replica that holds the Lease; waits until one does.
[[nodiscard]] ProductProcess leader(const Cluster& cluster);

// "KILL", "STOP", "CONT". Answers whether there was such a process.
bool send_signal(const Cluster& cluster, const ProductProcess& process, const std::string& signal);

// VmRSS, VmHWM … of it, in MiB; 0: there is no such process.
[[nodiscard]] double mib_of(const Cluster& cluster, const ProductProcess& process, const std::string& what);
// What it used at most (VmHWM) is counted anew from now.
void forget_peak(const Cluster& cluster, const ProductProcess& process);

// Gives way to a new Pod, which has no restarts to be punished for, and waits until all of the product is ready and
// somebody leads. To be called after something was killed.
void renew(const Cluster& cluster, const ProductProcess& process);
// They have learned nothing then of how long anything takes here.
void restart_controllers(const Cluster& cluster);
void wait_for_product(const Cluster& cluster);

}  // namespace harness
