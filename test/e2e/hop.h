// One hop by hand: a running consumer is frozen, checkpointed through its kubelet, carried to another node and restored
// there into a new Pod, while its producer goes on. It is strategy `stop` of the product without the product: what
// these steps need of Kubernetes, containerd, CRIU and RabbitMQ is shown here to work.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "test/e2e/orders.h"
#include "test/harness/cluster.h"

namespace harness {

// How the target's container comes to life: the runtime wrapper turns its creation into a restore and the Pod keeps its
// real image, or the checkpoint is wrapped as an OCI image that containerd recognises and restores.
enum class Way { runtime, image };

struct HopPlan {
  Way way = Way::runtime;
  ConsumerSpec source;
  ConsumerSpec target;
};

// Told one line at each step.
using Narrator = std::function<void(const std::string&)>;

// Moves the consumer and returns when its target is Ready and the source's Pod is gone. The source's log is kept in
// `orders`. When a step fails before the source is removed, the source is thawed and the failure goes on.
void hop(const Cluster& cluster, Orders& orders, const Namespace& ns, const HopPlan& plan, const Narrator& tell);

// What hops need in the cluster, once: the runtime wrapper on the nodes, its RuntimeClass, and in the namespace a
// service account whose only right is to checkpoint.
void prepare_for_hops(const Cluster& cluster, const Namespace& ns);

// Of that, what checkpoint() needs alone.
void allow_checkpoints(const Cluster& cluster, const Namespace& ns);

// POST /checkpoint of the node's kubelet with that service account's token; returns the archive's path on the node.
// `token`: of checkpoint_token(), which takes a kubectl's time and hence comes before a freeze.
std::string checkpoint(const Cluster& cluster, const Namespace& ns, const std::string& node, const std::string& pod,
                       const std::string& token);
[[nodiscard]] std::string checkpoint_token(const Cluster& cluster, const Namespace& ns);

// Of its first container, as the runtime knows it; `pod` as the API server gives it.
[[nodiscard]] std::string container_id(const nlohmann::json& pod);

// Wraps a container `main`'s checkpoint archive, which lies on that node, as an OCI image of that name, and pushes it.
void push_checkpoint(const Cluster& cluster, const std::string& node, const std::string& archive,
                     const std::string& name);

}  // namespace harness
