#include "extender/scheduling/cache.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "shared/migration/names.h"
#include "shared/migration/phase.h"

namespace migrate::scheduling {
namespace {

// After what trying again at once does not cure: a CRD or a right that is missing.
constexpr std::chrono::seconds kPause{5};

kube::ResourcePath of_group(const char* plural) {
  return {kGroup, kVersion, plural, {}, {}, {}};
}

std::string selector_of(const std::map<std::string, std::string>& labels) {
  std::string text;
  for (const auto& [key, value] : labels)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", key, value);
  return text;
}

}  // namespace

class Cache::MigrationSink final : public kube::WatchSink {
 public:
  MigrationSink(Cache& cache, std::stop_token stop) : cache_(cache), stop_(std::move(stop)) {}
  bool changed(kube::ChangeKind kind, const kube::Json& object) override {
    cache_.take_migration(kind, object, stop_);
    return true;
  }
  bool synced() override {
    cache_.migrations_synced_ = true;
    return true;
  }
  void troubled(const kube::ApiError& error) override { cache_.log_.warn("watch Migrations: " + error.text()); }

 private:
  Cache& cache_;
  std::stop_token stop_;
};

class Cache::NodeSink final : public kube::WatchSink {
 public:
  explicit NodeSink(Cache& cache) : cache_(cache) {}
  bool changed(kube::ChangeKind kind, const kube::Json& object) override {
    cache_.take_node(kind, object);
    return true;
  }
  bool synced() override {
    cache_.nodes_synced_ = true;
    return true;
  }
  void troubled(const kube::ApiError& error) override { cache_.log_.warn("watch MigrationNodes: " + error.text()); }

 private:
  Cache& cache_;
};

Cache::Cache(kube::Client& client, kube::Pacer& pacer, Log& log) : client_(client), pacer_(pacer), log_(log) {}

Cache::~Cache() {
  migrations_.request_stop();  // both before either is waited for
  nodes_.request_stop();
}

void Cache::start() {
  migrations_ = std::jthread([this](const std::stop_token& stop) {
    MigrationSink sink{*this, stop};
    follow({of_group("migrations"), {}, {}}, sink, stop);
  });
  nodes_ = std::jthread([this](const std::stop_token& stop) {
    NodeSink sink{*this};
    follow({of_group("migrationnodes"), {}, {}}, sink, stop);
  });
}

void Cache::follow(const kube::Selection& selection, kube::WatchSink& sink, const std::stop_token& stop) {
  kube::Watch watch{client_, pacer_, selection};
  while (!stop.stop_requested()) {
    const auto ended = watch.run(sink, stop);
    if (ended) continue;
    log_.error(fmt::format("watch {}: {}; trying again in {} s", kube::describe(selection.path), ended.error().text(),
                           kPause.count()));
    pacer_.sleep(kPause, stop);
  }
}

std::optional<NodeSet> Cache::select_nodes(const Migration& migration, const std::stop_token& stop) {
  // A dry run has no Pod to be placed.
  const bool is_over = migration.spec.dry_run || is_final(migration.status.phase);
  if (migration.spec.target_selector.empty() || is_over) return std::nullopt;
  auto before = read([&](const World& world) -> std::optional<NodeSet> {
    const KnownMigration* known = world.migration(migration.namespace_, migration.name);
    if (known == nullptr || known->migration.uid != migration.uid) return std::nullopt;
    return known->selected;
  });
  if (before) return before;
  kube::ListOptions options;
  options.label_selector = selector_of(migration.spec.target_selector);
  const auto listed = client_.list(kube::core("nodes"), options, {std::chrono::seconds{10}, stop});
  if (!listed) {
    log_.warn(fmt::format("list nodes with {}: {}", options.label_selector, listed.error().text()),
              {{"migration", migration.uid}, {"name", migration.namespace_ + "/" + migration.name}});
    return std::nullopt;  // asked again at the Migration's next change
  }
  NodeSet names;
  if (const auto items = listed->find("items"); items != listed->end())
    for (const kube::Json& node : *items)
      names.insert(kube::metadata_of(node, "name"));
  return names;
}

void Cache::take_migration(kube::ChangeKind kind, const kube::Json& object, const std::stop_token& stop) {
  const std::string namespace_ = kube::metadata_of(object, "namespace");
  const std::string name = kube::metadata_of(object, "name");
  auto migration = kind == kube::ChangeKind::deleted ? failure("") : parse_migration(object);
  if (!migration) {
    if (kind != kube::ChangeKind::deleted)
      log_.warn(fmt::format("Migration {}/{} cannot be read: {}", namespace_, name, migration.error().message));
    const std::unique_lock lock{mutex_};
    world_.remove_migration(namespace_, name);
    return;
  }
  auto selected = select_nodes(*migration, stop);
  const std::unique_lock lock{mutex_};
  world_.put({std::move(*migration), std::move(selected)});
}

void Cache::take_node(kube::ChangeKind kind, const kube::Json& object) {
  const std::string name = kube::metadata_of(object, "name");
  const auto facts = kind == kube::ChangeKind::deleted ? failure("") : parse_node_facts(object);
  const std::unique_lock lock{mutex_};
  if (facts)
    world_.put(*facts);
  else
    world_.remove_node(name);
  if (!facts && kind != kube::ChangeKind::deleted)
    log_.warn(fmt::format("MigrationNode {} cannot be read: {}", name, facts.error().message));
}

}  // namespace migrate::scheduling
