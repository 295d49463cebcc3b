#include "shared/kube/json_path.h"

#include <nlohmann/json.hpp>

namespace migrate::kube {

const Json* find(const Json& object, Path path) {
  const Json* here = &object;
  for (const char* key : path) {
    if (!here->is_object()) return nullptr;
    const auto next = here->find(key);
    if (next == here->end() || next->is_null()) return nullptr;
    here = &*next;
  }
  return here;
}

std::string text_at(const Json& object, Path path) {
  const Json* found = find(object, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

bool flag_at(const Json& object, Path path) {
  const Json* found = find(object, path);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

std::int64_t number_at(const Json& object, Path path, std::int64_t otherwise) {
  const Json* found = find(object, path);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

const Json& list_at(const Json& object, Path path) {
  static const Json kEmpty = Json::array();
  const Json* found = find(object, path);
  return found != nullptr && found->is_array() ? *found : kEmpty;
}

}  // namespace migrate::kube
