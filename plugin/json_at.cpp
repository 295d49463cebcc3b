#include "plugin/json_at.h"

namespace migrate::plugin {

using Json = nlohmann::json;

const Json* find_at(const Json& object, const Pointer& place) {
  if (!object.contains(place)) return nullptr;
  const Json& found = object.at(place);
  return found.is_null() ? nullptr : &found;
}

std::string text_at(const Json& object, const Pointer& place) {
  const Json* found = find_at(object, place);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_at(const Json& object, const Pointer& place, std::int64_t otherwise) {
  const Json* found = find_at(object, place);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

bool flag_at(const Json& object, const Pointer& place) {
  const Json* found = find_at(object, place);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

const Json& list_at(const Json& object, const Pointer& place) {
  static const Json none = Json::array();
  const Json* found = find_at(object, place);
  return found != nullptr && found->is_array() ? *found : none;
}

}  // namespace migrate::plugin
