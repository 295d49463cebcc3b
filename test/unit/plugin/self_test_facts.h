// Nodes on which all can be done that there is, as their agents tell it.
#pragma once

#include <string>

#include "shared/migration/node_facts.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

inline NodeFacts able_node(const std::string& name) {
  NodeFacts facts;
  facts.node = name;
  facts.address = "10.0.0.1:10960";
  facts.heartbeat = at(-5s);
  facts.runtime = "containerd";
  facts.runtime_version = "2.3.7";
  facts.has_handler = true;
  facts.can_checkpoint_directly = true;
  facts.restore_via_create = true;
  facts.criu = "4.2.1";
  facts.kubelet_checkpoint = KubeletCheckpoint{"Allowed", ""};
  facts.kernel = "6.18.0";
  facts.architecture = "amd64";
  facts.cpu_features = {"avx", "sse2"};
  facts.free_disk = 1024_MiB;
  return facts;
}

// As Kubernetes has it.
inline Json ready_node() {
  return Json::parse(R"({"spec": {}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}})");
}

}  // namespace migrate::plugin
