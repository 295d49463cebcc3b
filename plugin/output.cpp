#include "plugin/output.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "plugin/yaml.h"
#include "shared/kube/known_objects.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;

void drop_managed_fields(Json& object) {
  if (const auto metadata = object.find("metadata"); metadata != object.end() && metadata->is_object())
    metadata->erase("managedFields");
  if (const auto items = object.find("items"); items != object.end() && items->is_array())
    for (Json& item : *items)
      drop_managed_fields(item);
}

void print_names(std::ostream& stream, const Json& object) {
  if (const auto items = object.find("items"); items != object.end()) {
    for (const Json& item : *items)
      print_names(stream, item);
    return;
  }
  stream << "migration.kubectl-migrate.dev/" << kube::metadata_of(object, "name") << '\n';
}

}  // namespace

void print_object(std::ostream& stream, Output output, const Json& object) {
  Json shown = object;
  drop_managed_fields(shown);
  switch (output) {
    case Output::json:
      stream << shown.dump(4, ' ', false, Json::error_handler_t::replace) << '\n';
      break;
    case Output::yaml:
      stream << to_yaml(shown);
      break;
    case Output::name:
      print_names(stream, shown);
      break;
    case Output::text:
      break;
  }
  stream.flush();
}

}  // namespace migrate::plugin
