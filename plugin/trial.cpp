#include "plugin/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "plugin/format.h"
#include "plugin/hints.h"
#include "plugin/interrupt.h"
#include "plugin/json_path.h"
#include "plugin/migrate.h"
#include "plugin/pod_defaults.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Kind = kube::ApiError::Kind;

constexpr std::chrono::seconds kKept{300};
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::milliseconds kBetweenLooks{200};
constexpr std::chrono::seconds kCallTimeout{10};
constexpr int kNames = 5;

kube::CallOptions bounded() {
  return {.timeout = kCallTimeout, .stop = {}};
}

// Of a controller that is older than dry runs: it has taken their word (kDryRunWord) for a risk that it does not know.
bool is_misunderstood(const MigrationStatus& status) {
  return std::any_of(status.refusals.begin(), status.refusals.end(), [](const RefusalNote& one) {
    return one.reason == "UnknownRisk" && one.message.find(kDryRunWord) != std::string::npos;
  });
}

// The object while it is there.
class Trial {
 public:
  Trial(const Session& session, Migration wanted) : session_(session), wanted_(std::move(wanted)) {}
  ~Trial() { remove(); }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  // Nothing is made yet: whether it would be admitted, and as what it is. A server whose schema does not know dry runs
  // would drop that one word, and begin the migration.
  Outcome<void> ask() {
    name();
    const auto admitted =
        session_.client.create(path(), to_json(wanted_), {.dry_run = kube::DryRun::server}, bounded());
    if (!admitted) return tl::make_unexpected(explain(admitted.error(), "create", path()));
    if (flag_at(*admitted, {"spec", "dryRun"})) return {};
    return fail(fmt::format("the cluster's CustomResourceDefinition of Migrations is older than this plugin ({}) and "
                            "does not know dry runs\nAn administrator updates it: kubectl apply -k manifests/; "
                            "--dry-run=client shows what would be asked for",
                            MIGRATE_VERSION),
                exit_code::kFailed, hint(Topic::old_schema));
  }

  Outcome<void> make() {
    for (int attempt = 1;; ++attempt) {
      auto made = session_.client.create(path(), to_json(wanted_), {}, bounded());
      if (made) {
        uid_ = kube::metadata_of(*made, "uid");
        return {};
      }
      if (made.error().kind == Kind::already_exists && attempt < kNames) {
        name();
        continue;
      }
      if (made.error().may_have_run && is_there()) return {};
      return tl::make_unexpected(explain(made.error(), "create", path()));
    }
  }

  Outcome<Seen> answer() {
    const auto until = session_.io.pacer.now() + kPatience;
    for (;;) {
      auto found = session_.client.get(path(), bounded());
      if (!found) return tl::make_unexpected(explain(found.error(), "get", path()));
      if (!*found)
        return fail(fmt::format("Migration {}/{}, the dry run, was deleted by somebody", namespace_(), named()));
      auto now = seen(std::move(**found));
      if (now && is_misunderstood(now->migration.status))
        return fail(
            fmt::format("the controller is older than this plugin ({}) and does not know dry runs; it has refused "
                        "this one, and touched nothing\nAn administrator updates it: kubectl apply -k manifests/; "
                        "--dry-run=client shows what would be asked for",
                        MIGRATE_VERSION),
            exit_code::kFailed, hint(Topic::versions_differ));
      if (!now || is_final(now->migration.status.phase)) return now;
      if (session_.io.interrupted()) return fail("interrupted", exit_code::kDetached);
      if (session_.io.pacer.now() >= until)
        return fail(no_answer(now->migration), exit_code::kFailed, hint(Topic::no_answer));
      session_.io.pacer.sleep(kBetweenLooks, {});
    }
  }

 private:
  [[nodiscard]] const std::string& namespace_() const { return wanted_.namespace_; }
  [[nodiscard]] const std::string& named() const { return wanted_.name; }
  [[nodiscard]] kube::ResourcePath path() const { return migrations(namespace_(), named()); }

  void name() {
    wanted_.name = chosen_name(wanted_.spec.pod, [&] { return session_.io.pacer.random(); });
  }

  // The connection broke under its creation.
  bool is_there() {
    const auto found = session_.client.get(path(), bounded());
    if (!found || !*found || !flag_at(**found, {"spec", "dryRun"})) return false;
    uid_ = kube::metadata_of(**found, "uid");
    return true;
  }

  static std::string no_answer(const Migration& migration) {
    const Phase phase = migration.status.phase;
    const std::string so_far = phase == Phase::pending
                                   ? "no controller has taken it up"
                                   : fmt::format("the controller has not finished (phase {})", to_string(phase));
    return fmt::format(
        "Pod {}/{}: {} within {} s\nLook at: kubectl migrate check; kubectl -n {} get pods; kubectl -n "
        "{} logs deploy/{}",
        migration.namespace_, migration.spec.pod, so_far, kPatience.count(), kSystemNamespace, kSystemNamespace,
        kExtenderAccount);
  }

  void remove() {
    if (uid_.empty()) return;
    kube::DeleteOptions gone;
    gone.uid = uid_;  // another one of that name is not ours
    const auto removed = session_.client.remove(path(), gone, bounded());
    if (removed || removed.error().kind == Kind::forbidden) return;
    session_.io.err.stream << fmt::format("warning: Migration {}/{}, the dry run, is left for {} m: {}\n", namespace_(),
                                          named(), std::chrono::duration_cast<std::chrono::minutes>(kKept).count(),
                                          one_line(removed.error().text()));
  }

  const Session& session_;
  Migration wanted_;
  std::string uid_;  // empty: it is not there
};

}  // namespace

Outcome<Seen> try_migration(const Session& session, const Options& options, const Json& pod) {
  const auto whole = with_pod_defaults(options, pod);
  if (!whole) return tl::make_unexpected(whole.error());
  Migration wanted = asked_for(*whole, session.namespace_, kube::metadata_of(pod, "uid"), "");
  wanted.spec.dry_run = true;
  wanted.spec.ttl_after_finished = kKept;
  const Interrupts interrupts;
  Trial trial{session, std::move(wanted)};
  if (auto may = trial.ask(); !may) return tl::make_unexpected(may.error());
  if (auto made = trial.make(); !made) return tl::make_unexpected(made.error());
  return trial.answer();
}

}  // namespace migrate::plugin
