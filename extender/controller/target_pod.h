// The Pods a migration makes. Pure: a Pod's JSON in, another's out (design section 5, "full copy").
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "extender/controller/json_path.h"
#include "shared/migration/migration.h"

namespace migrate::controller {

// NAME-mig-xxxxx (five of a-z0-9, from the Migration's uid and the attempt); NAME itself if it takes it; the name that
// the spec asks for. A suffix of an earlier migration is replaced.
[[nodiscard]] std::string target_name(const Migration& migration, std::uint32_t attempt);
// NAME-mig-hold.
[[nodiscard]] std::string placeholder_name(const Migration& migration);

struct TargetPlan {
  std::string name;
  std::set<std::string> schedulers;  // those that ask the extender; a Pod of another one gets ours
  // Beside the running source until the cut: with a host name of its own, and out of Services.
  bool is_shadow = false;
  bool drop_init_containers = false;  // accepted: they ran on the source, and what they did is carried along
  // By container: the checkpoint it is restored from as its image. Then nothing waits in the container's creation, and
  // the RuntimeClass is the source's own.
  std::map<std::string, std::string> images = {};
  // Left out of a placeholder, which asks for their place only; with their PersistentVolumes.
  std::vector<MovedVolume> volumes = {};
  std::vector<std::shared_ptr<const Json>> persistent = {};
  // Where a placeholder may be put: by node label, which of its values; none: anywhere.
  std::map<std::string, std::vector<std::string>> domains = {};
  std::string pull_secret = {};  // with the credentials for them; empty: none are needed
};

// A copy of `source` that waits to be restored: all fields but those that the server, the kubelet or admission set
// (nodeName, status, the injected service account token and its mounts, ephemeral containers), with the restore
// annotation, our label, the RuntimeClass and the scheduler; its owner, if it has one, lent to the Migration, and
// without the label that a ReplicaSet adopts by.
// spec.target is not in it: the extender looks it up.
[[nodiscard]] Json target_pod(const Json& source, const Migration& migration, const TargetPlan& plan);

// Holds the room where the name is still taken: the same Pod under another name, without the labels that Services and
// controllers select by. It asks for a restore that is never prepared, so its containers are never created
// (migrate-runc refuses): the requests are held and the images pulled, and nothing of the application starts. The
// images are pulled by the digests that the source runs from, where its status tells them: a restore asks for those.
// As it has none of the labels by which the scheduler would count it, it does without those constraints of its spread
// that must hold, and asks for the domains in which they will.
[[nodiscard]] Json placeholder_pod(const Json& source, const Migration& migration, const TargetPlan& plan);

// A Secret (kubernetes.io/dockerconfigjson) with the credentials of one offer of images, by its repository; it goes
// with the Migration.
[[nodiscard]] std::string pull_secret_name(const Migration& migration, const std::string& repository);
struct PullCredentials {
  std::string repository;
  std::string user;
  std::string password;
};
[[nodiscard]] Json pull_secret(const Migration& migration, const std::string& name, const PullCredentials& credentials);

// What admission made of `sent` that would keep a checkpoint from being restored, for a person; empty: nothing. To be
// asked about the answer of a dry run: containers and their mounts must be the source's.
[[nodiscard]] std::string admission_trouble(const Json& source, const Json& admitted);

}  // namespace migrate::controller
