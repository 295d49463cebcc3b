// A Pod, its Migration and what stands around them, in good order: tests change one thing.
#pragma once

#include <nlohmann/json.hpp>

#include "extender/controller/refusals.h"
#include "shared/migration/names.h"

namespace migrate::controller::samples {

inline Json pod() {
  return Json::parse(R"({
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "orders", "namespace": "shop", "uid": "uid-source", "resourceVersion": "7",
                 "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{}],
                 "labels": {"app": "orders"}, "annotations": {"note": "mine", "cni.projectcalico.org/podIP": "10.0.0.9"}},
    "spec": {"nodeName": "node-a", "serviceAccountName": "orders", "restartPolicy": "Always", "hostname": "o",
             "priority": 0, "schedulerName": "default-scheduler", "ephemeralContainers": [{"name": "debug"}],
             "containers": [{"name": "app", "image": "orders:1", "resources": {"requests": {"cpu": "1"}},
               "livenessProbe": {"httpGet": {"port": 80}, "periodSeconds": 10, "failureThreshold": 3},
               "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"},
                 {"name": "kube-api-access-x2x2x", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]}],
             "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300}],
             "volumes": [{"name": "scratch", "emptyDir": {}},
               {"name": "kube-api-access-x2x2x", "projected": {"sources": [{"serviceAccountToken": {}}]}}]},
    "status": {"phase": "Running", "podIP": "10.0.0.9", "conditions": [{"type": "Ready", "status": "True"}]}
  })");
}

inline Migration migration() {
  Migration made;
  made.namespace_ = "shop";
  made.name = "orders-1";
  made.uid = "uid-migration";
  made.spec.pod = "orders";
  made.spec.pod_uid = "uid-source";
  return made;
}

inline NodeFacts facts(const std::string& node, Instant now) {
  NodeFacts made;
  made.node = node;
  made.address = node + ":10960";
  made.heartbeat = now;
  made.runtime = "containerd";
  made.runtime_version = "2.3.7";
  made.has_handler = true;
  made.can_checkpoint_directly = true;
  made.criu = "4.2.1";
  made.architecture = "amd64";
  made.cpu_features = {"avx", "sse2"};
  made.free_disk = 10'000_MiB;
  return made;
}

inline NodeState node(const std::string& name, Instant now) {
  return {name, true, false, facts(name, now)};
}

inline Surroundings around() {
  Surroundings made;
  made.now = Instant{std::chrono::hours{1}};
  made.namespace_enabled = true;
  made.source = node("node-a", made.now);
  return made;
}

}  // namespace migrate::controller::samples
