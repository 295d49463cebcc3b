#include "extender/controller/second_hops.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

#include "extender/controller/other_migrations.h"
#include "extender/controller/pods.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

constexpr std::chrono::hours kLeastTtl{1};  // it is looked at when it is over
// More tries than there can be; a name with a higher number is a stranger's, and none is ever made behind it.
constexpr unsigned kHighestNumber = 1'000'000;

std::string stem_of_tries(const Migration& migration) {
  return migration.name + "-name-";
}

std::string name_of_try(const Migration& migration, unsigned number) {
  return fmt::format("{}{}", stem_of_tries(migration), number);
}

// Counted from 1; 0: it is no name that a try could have.
unsigned number_of_try(const Migration& migration, std::string_view name) {
  const std::string stem = stem_of_tries(migration);
  unsigned number = 0;
  if (!name.starts_with(stem)) return 0;
  const char* const end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + stem.size(), end, number);
  const bool is_number = error == std::errc{} && stopped == end && number <= kHighestNumber;
  return is_number && name == name_of_try(migration, number) ? number : 0;
}

Json second_hop(Hop& hop, unsigned number) {
  const Migration& first = hop.migration();
  const MigrationStatus& status = hop.status();
  Migration second;
  second.namespace_ = first.namespace_;
  second.name = name_of_try(first, number);
  second.spec.pod = status.target.pod;
  second.spec.pod_uid = status.target.uid;
  second.spec.target_node = status.target.node;
  second.spec.target_name = first.spec.pod;
  second.spec.strategy = Strategy::stop;
  second.spec.checkpoint = first.spec.checkpoint;
  second.spec.accept = first.spec.accept;
  second.spec.timeout = first.spec.timeout;
  second.spec.ttl_after_finished = std::max<std::chrono::seconds>(first.spec.ttl_after_finished, kLeastTtl);
  // As it was told of the first source: the shadow has another name and, perhaps, another ordinal.
  second.spec.messages = first.spec.messages;
  second.spec.queue = status.messages ? status.messages->queue : first.spec.queue;
  second.spec.broker_secret = first.spec.broker_secret;
  Json object = to_json(second);
  object["metadata"]["annotations"][kRequestedByAnnotation] = first.requested_by;
  object["metadata"]["ownerReferences"] = {{{"apiVersion", kApiVersion},
                                            {"kind", "Migration"},
                                            {"name", first.name},
                                            {"uid", first.uid},
                                            {"controller", true}}};
  return object;
}

// Not by its owner: whoever deletes the first one and leaves what it owns (--cascade=orphan) has its reference removed.
bool is_way_back(Hop& hop, const Json& object) {
  return text_at(object, {"spec", "pod", "uid"}) == hop.status().target.uid &&
         text_at(object, {"spec", "target", "name"}) == hop.migration().spec.pod;
}

Attempt<Migration> read_try(const Json& object) {
  auto read = parse_migration(object);
  if (!read) return give_up(Event::failed, "SecondHop", read.error().message);
  return std::move(*read);
}

// What has the name already: ours, made by an earlier controller or by a call whose answer was lost, or another one's.
Attempt<void> check_is_try(Hop& hop, const kube::ResourcePath& path, const Limits& limits) {
  const auto found = Pods{hop}.read(path, limits);
  if (!found) return tl::make_unexpected(found.error());
  if (!*found) return leave(fmt::format("migration {} is gone again", path.name));
  if (!is_way_back(hop, **found)) return leave(fmt::format("migration {} is another one", path.name));
  return {};
}

}  // namespace

Attempt<Tries> find_tries(Hop& hop, const Limits& limits) {
  auto listed = list_migrations(hop, limits);
  if (!listed) return tl::make_unexpected(listed.error());
  Tries tries;
  for (const Json& one : list_at(*listed, {"items"})) {
    const unsigned number = number_of_try(hop.migration(), text_at(one, {"metadata", "name"}));
    tries.highest = std::max(tries.highest, number);
    if (number == 0 || !is_way_back(hop, one)) continue;
    auto read = read_try(one);
    if (!read) return tl::make_unexpected(read.error());
    tries.made.emplace(number, std::move(*read));
  }
  return tries;
}

Attempt<std::optional<Migration>> look_at_try(Hop& hop, const std::string& name, const Limits& limits) {
  using Found = std::optional<Migration>;
  const auto found = Pods{hop}.read(migration_path(hop.migration().namespace_, name), limits);
  if (!found) return tl::make_unexpected(found.error());
  if (!*found) return Found{};
  auto read = read_try(**found);
  if (!read) return tl::make_unexpected(read.error());
  return Found{std::move(*read)};
}

Attempt<void> make_try(Hop& hop, unsigned number, const Limits& limits) {
  if (number > kHighestNumber)
    return give_up(Event::failed, "SecondHop",
                   fmt::format("no number is left for another way back: delete migration {}",
                               name_of_try(hop.migration(), kHighestNumber)));
  const auto path = migration_path(hop.migration().namespace_, name_of_try(hop.migration(), number));
  const Json wanted = second_hop(hop, number);
  bool is_there = false;
  auto made = Pods{hop}.call<Json>("create " + describe(path), limits, [&](const kube::CallOptions& options) {
    auto answer = hop.world().client.create(path.collection(), wanted, {}, options);
    is_there = !answer && answer.error().kind == kube::ApiError::Kind::already_exists;
    return is_there ? kube::ApiResult<Json>{Json{}} : answer;
  });
  if (!made) return tl::make_unexpected(made.error());
  return is_there ? check_is_try(hop, path, limits) : Attempt<void>{};
}

}  // namespace migrate::controller
