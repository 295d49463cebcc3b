// What a watcher has told so far, so that after a gap the difference can be told as changes: no deletion is missed.
// Pure.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace migrate::kube {

using Json = nlohmann::json;

enum class ChangeKind { added, modified, deleted };

struct Change {
  ChangeKind kind = ChangeKind::added;
  std::shared_ptr<const Json> object;  // for deleted: as last seen
};

class KnownObjects {
 public:
  // All that exist now: the changes from what was known. An object of a known name with another uid is a deletion and
  // an addition.
  [[nodiscard]] std::vector<Change> replace(std::vector<Json> objects);
  // One event of a watch: ADDED, MODIFIED or DELETED. A deletion of what was not known, and a version that was told
  // already, are no changes.
  [[nodiscard]] std::vector<Change> take(std::string_view type, const Json& object);

  [[nodiscard]] const Json* find(std::string_view namespace_, std::string_view name) const;  // null: not there
  [[nodiscard]] std::vector<const Json*> all() const;                                        // by namespace and name

 private:
  void put(const std::string& key, std::shared_ptr<const Json> object, std::vector<Change>& changes);
  std::map<std::string, std::shared_ptr<const Json>> objects_;  // by "namespace/name"
};

// The text at metadata.FIELD, "" when it is not there.
[[nodiscard]] std::string metadata_of(const Json& object, const char* field);

}  // namespace migrate::kube
