#include "plugin/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>

#include "plugin/cluster.h"
#include "plugin/jsonpath.h"
#include "plugin/yaml.h"
#include "shared/kube/known_objects.h"

namespace migrate::plugin {
namespace {

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
  stream << object_name(object) << '\n';
}

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::string object_name(const Json& object) {
  std::string kind = text_in(object, "kind");
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string version = text_in(object, "apiVersion");
  const std::size_t slash = version.find('/');
  return fmt::format("{}{}{}/{}", kind, slash == std::string::npos ? "" : ".",
                     slash == std::string::npos ? "" : version.substr(0, slash), kube::metadata_of(object, "name"));
}

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
    case Output::jsonpath:
      throw std::logic_error("a jsonpath is printed by its template");
    case Output::text:
    case Output::wide:
      break;
  }
  stream.flush();
}

bool print_object(const Io& io, const Options& options, const Json& object) {
  if (options.output != Output::jsonpath) {
    print_object(io.out.stream, options.output, object);
    return true;
  }
  Json shown = object;
  drop_managed_fields(shown);
  const auto made = apply_jsonpath(options.jsonpath, shown);
  if (made) io.out.stream << *made << std::flush;
  if (!made) report(io, {made.error().message});
  return made.has_value();
}

}  // namespace migrate::plugin
