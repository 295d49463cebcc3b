#include "plugin/pod_defaults.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "plugin/hints.h"
#include "plugin/json_path.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/go_duration.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;

// What the annotations say, each where its flag does not; the first mistake in them is kept.
class Annotations {
 public:
  Annotations(const Options& options, const Json& pod) : options_(options), pod_(pod) {}

  // In the flag's place; empty: nothing.
  [[nodiscard]] std::string text(const char* flag) const {
    if (options_.given.contains(flag)) return "";
    return text_at(pod_, {"metadata", "annotations", annotation(flag).c_str()});
  }
  // Longer than nothing.
  std::optional<std::chrono::milliseconds> span(const char* flag) {
    const std::string said = text(flag);
    const auto parsed = parse_go_duration(said);
    const bool is_good = parsed && parsed->count() > 0;
    if (!said.empty() && !is_good) wrong(flag, "not a duration such as 20s or 1m30s");
    return said.empty() || !is_good ? std::nullopt : std::optional{*parsed};
  }
  void wrong(const char* flag, const std::string& why) {
    if (!mistake_)
      mistake_ = fmt::format("Pod {}: annotation {}={}: {}\nCorrect it, or say it with --{}",
                             kube::metadata_of(pod_, "name"), annotation(flag), text(flag), why, flag);
  }
  [[nodiscard]] const std::optional<std::string>& mistake() const { return mistake_; }

 private:
  // kubectl-migrate.dev/restore is a target Pod's, whose containers wait for their memory.
  static std::string annotation(const std::string& flag) {
    return fmt::format("{}/{}", kGroup, flag == "restore" ? "restore-way" : flag);
  }

  const Options& options_;
  const Json& pod_;
  std::optional<std::string> mistake_;
};

void take_restore(Annotations& said, Options& options) {
  const std::string way = said.text("restore");
  if (way == "runtime") options.restore = RestoreWay::runtime;
  if (way == "image") options.restore = RestoreWay::image;
  if (!way.empty() && way != "auto" && way != "runtime" && way != "image")
    said.wrong("restore", "not one of auto, runtime, image");
}

void take_replay(Annotations& said, Options& options) {
  if (options.strategy == Strategy::stop) return;
  if (const auto span = said.span("max-replay")) options.max_replay = span;
  if (said.text("cutoff") == "auto") return;
  const auto cutoff = said.span("cutoff");
  if (!cutoff) return;
  if (*cutoff >= options.timeout.value_or(MigrationSpec{}.timeout))
    said.wrong("cutoff", "by then the migration is rolled back (--timeout)");
  options.cutoff = cutoff;
}

void take_transfer(Annotations& said, Options& options) {
  const bool is_typed = options.given.contains("transfer") || options.given.contains("registry");
  const std::string way = is_typed ? "" : said.text("transfer");
  if (!way.empty() && way != "direct" && way != "registry")
    return said.wrong("transfer", "not one of direct, registry");
  const std::string repository = said.text("registry");
  // A repository is a way, too.
  if (way == "registry" || (way.empty() && !is_typed && !repository.empty())) options.transfer = TransferWay::registry;
  if (options.transfer != TransferWay::registry) return;
  if (options.registry.empty()) {
    options.registry = repository;
    if (!repository.empty() && !is_repository(repository))
      said.wrong("registry", "not a repository such as registry.example.com:5000/checkpoints");
    if (repository.empty() && !way.empty())
      said.wrong("transfer", fmt::format("it needs the annotation {}/registry or --registry, too", kGroup));
  }
  const std::string secret = said.text("registry-secret");
  if (!secret.empty() && !is_object_name(secret)) said.wrong("registry-secret", "not a name");
  if (!secret.empty()) options.registry_secret = secret;
}

}  // namespace

Outcome<Options> with_pod_defaults(Options options, const Json& pod) {
  const Options typed = options;
  Annotations said{typed, pod};
  take_restore(said, options);
  take_replay(said, options);
  take_transfer(said, options);
  if (said.mistake()) return fail(*said.mistake(), exit_code::kRefused, hint(Topic::wrong_annotation));
  if (options.transfer == TransferWay::registry && options.registry.empty())
    return fail("--transfer=registry needs --registry HOST[:PORT]/PATH, or the Pod's annotation of that name",
                exit_code::kUsage);
  if (options.transfer == TransferWay::direct && !options.registry_secret.empty())
    return fail("--registry-secret needs --registry: it is the Secret for that", exit_code::kUsage);
  return options;
}

}  // namespace migrate::plugin
