// What an administrator may have forgotten or turned off. What returns something is put right when that goes, however
// the scope is left.
#pragma once

#include <memory>
#include <string>

#include "test/e2e/small_pods.h"

namespace harness {

// containerd's configuration on a node lacks the lines of the handler `migrate`, or the switch for restores from
// images; containerd was started anew with it. Running containers go on. The node's agent tells within 10 s.
[[nodiscard]] std::unique_ptr<Undo> take_handler_away(const Cluster& cluster, const std::string& node);
[[nodiscard]] std::unique_ptr<Undo> take_restore_switch_away(const Cluster& cluster, const std::string& node);

// The agents' role lacks nodes/checkpoint. A kubelet believes in a right for five minutes once it was granted: the one
// of `node` is started anew. Its agent asks it within a minute. (A refusal it believes in for 30 s.)
[[nodiscard]] std::unique_ptr<Undo> take_checkpoint_right_away(const Cluster& cluster, const std::string& node);

// The DaemonSet's Pod of a node is gone, what it told of its node stays; those of the others are not touched.
[[nodiscard]] std::unique_ptr<Undo> take_agent_away(const Cluster& cluster, const std::string& node);

// The Deployment migrate-extender is scaled to none, and its Pods are gone.
[[nodiscard]] std::unique_ptr<Undo> scale_extender_to_none(const Cluster& cluster);

// In a namespace's broker Secret.
[[nodiscard]] std::unique_ptr<Undo> forget_broker_password(const Cluster& cluster, const std::string& ns);

// All rights to Migrations in a namespace and a look at its Pods; with exec into them or without. Goes with the
// namespace.
void give_rights(const Cluster& cluster, const std::string& ns, const std::string& user, bool may_exec);

}  // namespace harness
