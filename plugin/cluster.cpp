#include "plugin/cluster.h"

#include <fmt/format.h>

#include <ostream>

#include "plugin/format.h"
#include "plugin/similar.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {

kube::ResourcePath migrations(const std::string& namespace_, const std::string& name) {
  return {.group = kGroup,
          .version = kVersion,
          .plural = "migrations",
          .namespace_ = namespace_,
          .name = name,
          .subresource = {}};
}

kube::ResourcePath migration_nodes() {
  return {.group = kGroup,
          .version = kVersion,
          .plural = "migrationnodes",
          .namespace_ = {},
          .name = {},
          .subresource = {}};
}

Outcome<Seen> seen(Json object) {
  object["apiVersion"] = kApiVersion;
  object["kind"] = "Migration";
  auto migration = parse_migration(object);
  if (!migration)
    return fail(fmt::format("read Migration {}/{}: {}", kube::metadata_of(object, "namespace"),
                            kube::metadata_of(object, "name"), migration.error().message));
  return Seen{std::move(object), std::move(*migration)};
}

std::vector<Seen> understood(const Session& session, std::vector<Json> objects) {
  std::vector<Seen> all;
  all.reserve(objects.size());
  for (Json& object : objects) {
    auto one = seen(std::move(object));
    if (one) all.push_back(std::move(*one));
    if (!one) session.io.err.stream << "warning: " << one_line(one.error().message) << '\n';
  }
  return all;
}

Outcome<Seen> find_migration(const Session& session, const std::string& name) {
  const kube::ResourcePath path = migrations(session.namespace_, name);
  auto found = session.client.get(path);
  if (!found) return tl::make_unexpected(explain(found.error(), "get", path));
  if (*found) return seen(std::move(**found));
  std::string hint;
  if (const auto others = list_migrations(session, session.namespace_); others && !others->empty()) {
    std::vector<std::string> of_pod;
    std::vector<std::string> names;
    names.reserve(others->size());
    for (const Seen& other : *others) {
      if (other.migration.spec.pod == name) of_pod.push_back(other.migration.name);
      names.push_back(other.migration.name);
    }
    hint =
        of_pod.empty() ? near_hint(name, names) : fmt::format("\nOf Pod {} there is {}", name, joined(of_pod, " and "));
  }
  return not_found(path, fmt::format("{}\nkubectl migrate list -n {} shows what there is", hint, session.namespace_));
}

Outcome<std::vector<Seen>> list_migrations(const Session& session, const std::string& namespace_,
                                           const std::string& label_selector) {
  kube::ListOptions options;
  options.label_selector = label_selector;
  auto list = session.client.list(migrations(namespace_), options);
  if (!list) return tl::make_unexpected(explain(list.error(), "list", migrations(namespace_)));
  return understood(session, std::move(list->at("items").get_ref<Json::array_t&>()));
}

Outcome<Seen> patch_spec(const Session& session, const Migration& migration, const Json& spec) {
  const kube::ResourcePath path = migrations(migration.namespace_, migration.name);
  // The uid guards against another Migration of that name.
  const Json patch = {{"metadata", {{"uid", migration.uid}}}, {"spec", spec}};
  constexpr int kTries = 3;
  for (int attempt = 1;; ++attempt) {
    auto patched = session.client.merge_patch(path, patch);
    if (patched) return seen(std::move(*patched));
    if (!patched.error().may_have_run || attempt == kTries)
      return tl::make_unexpected(explain(patched.error(), "patch", path));
  }
}

int report(const Io& io, const Failure& failure) {
  io.err.stream << kube::printable(told(failure.message)) << '\n';
  io.err.stream.flush();
  return failure.code;
}

}  // namespace migrate::plugin
