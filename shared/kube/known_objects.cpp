#include "shared/kube/known_objects.h"

#include <nlohmann/json.hpp>
#include <set>

namespace migrate::kube {
namespace {

std::string key_of(const Json& object) {
  return metadata_of(object, "namespace") + "/" + metadata_of(object, "name");
}

}  // namespace

std::string metadata_of(const Json& object, const char* field) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return "";
  const auto value = metadata->find(field);
  return value != metadata->end() && value->is_string() ? value->get<std::string>() : "";
}

void KnownObjects::put(const std::string& key, std::shared_ptr<const Json> object, std::vector<Change>& changes) {
  auto& known = objects_[key];
  if (known && metadata_of(*known, "uid") != metadata_of(*object, "uid")) {
    changes.push_back({ChangeKind::deleted, known});
    known = nullptr;
  }
  const std::string version = metadata_of(*object, "resourceVersion");
  if (known && !version.empty() && metadata_of(*known, "resourceVersion") == version) return;
  changes.push_back({known ? ChangeKind::modified : ChangeKind::added, object});
  known = std::move(object);
}

std::vector<Change> KnownObjects::replace(std::vector<Json> objects) {
  std::vector<Change> changes;
  std::set<std::string> present;
  for (const Json& object : objects)
    present.insert(key_of(object));
  for (auto known = objects_.begin(); known != objects_.end();) {
    if (present.count(known->first) != 0) {
      ++known;
      continue;
    }
    changes.push_back({ChangeKind::deleted, known->second});
    known = objects_.erase(known);
  }
  for (Json& object : objects) {
    const std::string key = key_of(object);
    put(key, std::make_shared<const Json>(std::move(object)), changes);
  }
  return changes;
}

std::vector<Change> KnownObjects::take(std::string_view type, const Json& object) {
  std::vector<Change> changes;
  const std::string key = key_of(object);
  if (type == "ADDED" || type == "MODIFIED") put(key, std::make_shared<const Json>(object), changes);
  if (type == "DELETED" && objects_.erase(key) != 0)
    changes.push_back({ChangeKind::deleted, std::make_shared<const Json>(object)});
  return changes;
}

const Json* KnownObjects::find(std::string_view namespace_, std::string_view name) const {
  const auto found = objects_.find(std::string(namespace_) + "/" + std::string(name));
  return found != objects_.end() ? found->second.get() : nullptr;
}

std::vector<const Json*> KnownObjects::all() const {
  std::vector<const Json*> pointers;
  for (const auto& [key, object] : objects_)
    pointers.push_back(object.get());
  return pointers;
}

}  // namespace migrate::kube
