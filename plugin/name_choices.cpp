#include "plugin/name_choices.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "plugin/cluster.h"
#include "plugin/json_path.h"
#include "plugin/of_group.h"
#include "plugin/outcome.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"
#include "shared/migration/node_facts.h"

namespace migrate::plugin {
namespace {

std::string name_of(const Json& object) {
  return kube::metadata_of(object, "name");
}

struct Collection {
  kube::ResourcePath path;
  std::string field_selector = {};
};

Collection collection_of(Source source, const std::string& namespace_) {
  switch (source) {
    case Source::pods:
    case Source::ordinals:
      return {kube::core("pods", namespace_), "status.phase=Running"};
    case Source::stateful_sets:
      return {of_group("apps", "statefulsets", namespace_)};
    case Source::migrations:
      return {migrations(namespace_)};
    case Source::nodes:
      // Not the nodes themselves: not everybody may look at them, and one without an agent is no target.
      return {migration_nodes()};
    default:
      return {kube::core("namespaces")};
  }
}

std::optional<Choice> pod(const Json& object) {
  // One that ends is not migrated.
  if (find(object, {"metadata", "deletionTimestamp"}) != nullptr) return std::nullopt;
  const std::string node = text_at(object, {"spec", "nodeName"});
  return Choice{name_of(object), node.empty() ? "" : "on " + node};
}

std::optional<Choice> ordinal(const Json& object, const std::string& set) {
  const std::string name = name_of(object);
  const std::string head = set + "-";
  if (set.empty() || !name.starts_with(head) || name.find_first_not_of("0123456789", head.size()) != std::string::npos)
    return std::nullopt;
  const auto found = pod(object);
  return found ? std::optional{Choice{name.substr(head.size()), found->about}} : std::nullopt;
}

std::optional<Choice> stateful_set(const Json& object) {
  return Choice{name_of(object), fmt::format("{} of {} Pods ready", number_at(object, {"status", "readyReplicas"}),
                                             number_at(object, {"spec", "replicas"}))};
}

// Those that the command can do something about.
bool is_meant(const Migration& migration, Verb verb) {
  const Phase phase = migration.status.phase;
  switch (verb) {
    case Verb::abort:
      return !is_final(phase) && !is_after_commit(phase) && phase != Phase::rolling_back && !migration.spec.abort;
    case Verb::resolve:
    case Verb::resume:
      return phase == Phase::in_doubt;
    default:
      return true;
  }
}

std::optional<Choice> migration(const Json& object, Verb verb) {
  const auto read = seen(object);
  if (!read || !is_meant(read->migration, verb)) return std::nullopt;
  const Migration& one = read->migration;
  const std::string& node = one.status.target.node;
  return Choice{one.name, fmt::format("{}, Pod {}{}", to_string(one.status.phase), one.spec.pod,
                                      node.empty() ? "" : " to " + node)};
}

std::optional<Choice> node(const Json& object) {
  const auto facts = parse_node_facts(object);
  if (!facts) return std::nullopt;
  return Choice{facts->node, fmt::format("{} {}, {}", facts->runtime, facts->runtime_version,
                                         facts->criu.empty() ? "no CRIU" : "CRIU " + facts->criu)};
}

std::optional<Choice> enabled_namespace(const Json& object) {
  const bool is_enabled = text_at(object, {"metadata", "labels", kEnabledLabel}) == "true";
  return Choice{name_of(object), is_enabled ? "migrations are allowed" : ""};
}

std::optional<Choice> choice_of(const Json& object, const Question& question) {
  switch (question.source) {
    case Source::pods:
      return pod(object);
    case Source::ordinals:
      return ordinal(object, question.set);
    case Source::stateful_sets:
      return stateful_set(object);
    case Source::migrations:
      return migration(object, question.verb);
    case Source::nodes:
      return node(object);
    default:
      return enabled_namespace(object);
  }
}

template <class Map>
std::vector<Choice> keys_of(const Map& map) {
  std::vector<Choice> choices;
  choices.reserve(map.size());
  for (const auto& [name, value] : map)
    choices.push_back({name});
  return choices;
}

}  // namespace

std::vector<Choice> names_in_cluster(kube::Client& client, const std::string& namespace_, const Question& question) {
  const Collection from = collection_of(question.source, namespace_);
  kube::ListOptions options;
  options.field_selector = from.field_selector;
  options.first_page_only = true;
  const auto list = client.list(from.path, options, {.timeout = kAnswerWithin, .stop = {}});
  std::vector<Choice> choices;
  if (!list) return choices;
  for (const Json& object : list_at(*list, {"items"}))
    if (auto one = choice_of(object, question)) choices.push_back(std::move(*one));
  return choices;
}

std::vector<Choice> names_in(const kube::Kubeconfig& kubeconfig, Source source) {
  switch (source) {
    case Source::contexts: {
      std::vector<Choice> choices = keys_of(kubeconfig.contexts);
      for (Choice& one : choices)
        if (one.word == kubeconfig.current_context) one.about = "current";
      return choices;
    }
    case Source::clusters:
      return keys_of(kubeconfig.clusters);
    case Source::users:
      return keys_of(kubeconfig.users);
    default:
      return {};
  }
}

}  // namespace migrate::plugin
