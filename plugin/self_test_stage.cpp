#include "plugin/self_test_stage.h"

#include <fmt/format.h>

#include <sstream>

#include "plugin/commands.h"
#include "plugin/self_test_ways.h"
#include "plugin/similar.h"
#include "shared/kube/known_objects.h"

namespace migrate::plugin {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPoll = 500ms;
constexpr std::chrono::milliseconds kMigrationsPatience = 120s;
constexpr std::chrono::milliseconds kNamespacePatience = 120s;
constexpr const char* kHint = "docs/self-test.md#what-stays";

// As `kubectl migrate enable`, without its words.
Outcome<void> enable(const Session& session) {
  std::ostringstream told;
  std::ostringstream complained;
  const Io& io = session.io;
  Io quiet{.out = {told},
           .err = {complained},
           .clock = io.clock,
           .pacer = io.pacer,
           .screen = io.screen,
           .interrupted = io.interrupted,
           .utc_offset = io.utc_offset,
           .is_unicode = io.is_unicode};
  if (run_enable({quiet, session.client, session.namespace_}, {}) == exit_code::kDone) return {};
  return fail(fmt::format("enable migrations in namespace {}: {}", session.namespace_, complained.str()));
}

std::string joined_lines(const std::string& one, const std::string& other) {
  return one.empty() || other.empty() ? one + other : one + "\n" + other;
}

}  // namespace

SelfTestStage::SelfTestStage(const Session& session, const std::string& name)
    : inside_{session.io, session.client, name} {}

Outcome<void> SelfTestStage::make() {
  const auto path = kube::core("namespaces");
  const auto made = inside_.client.create(path, namespace_object(inside_.namespace_));
  may_be_there_ = made || made.error().may_have_run;
  if (!made) return tl::make_unexpected(explain(made.error(), "create", path.named(inside_.namespace_)));
  uid_ = kube::metadata_of(*made, "uid");
  return enable(inside_);
}

void SelfTestStage::remove(CheckList& checks) {
  if (!may_be_there_) return;
  const std::string migrations_left = end_migrations();
  const std::string namespace_left = remove_namespace();
  checks.group("clean-up");
  const std::string what = fmt::format("namespace {} is removed with all that was in it", inside_.namespace_);
  if (namespace_left.empty())
    checks.ok(what);
  else
    checks.failed(what, joined_lines(migrations_left, namespace_left), kHint);
}

// A deletion takes back what can be taken back, and waits for what cannot. A doubt it would wait in for ever: there the
// target is as good as anything.
std::string SelfTestStage::end_migrations() {
  const auto until = inside_.io.pacer.now() + kMigrationsPatience;
  for (;;) {
    const auto all = list_migrations(inside_, inside_.namespace_);
    if (all && all->empty()) return "";
    std::vector<std::string> left;
    for (const Seen& one : all.value_or(std::vector<Seen>{})) {
      const Migration& migration = one.migration;
      left.push_back(fmt::format("{} ({})", migration.name, to_string(migration.status.phase)));
      if (migration.status.phase == Phase::in_doubt && migration.spec.resolve == Resolution::none)
        (void)patch_spec(inside_, migration, {{"resolve", to_string(Resolution::keep_target)}});
      kube::DeleteOptions options;
      options.uid = migration.uid;
      if (!migration.deleting) (void)inside_.client.remove(migrations(inside_.namespace_, migration.name), options);
    }
    if (inside_.io.pacer.now() >= until)
      return all ? fmt::format("Migrations that do not end: {}", joined(left)) : all.error().message;
    inside_.io.pacer.sleep(kPoll, {});
  }
}

std::string SelfTestStage::remove_namespace() {
  const auto path = kube::core("namespaces", {}, inside_.namespace_);
  kube::DeleteOptions options;
  options.uid = uid_;
  const auto until = inside_.io.pacer.now() + kNamespacePatience;
  std::string trouble;
  for (bool is_asked = false;;) {
    if (!is_asked) {
      const auto removed = inside_.client.remove(path, options);
      is_asked = removed.has_value();
      trouble = removed ? "" : explain(removed.error(), "delete", path).message;
    }
    if (const auto found = inside_.client.get(path); found && !*found) return "";
    if (inside_.io.pacer.now() >= until)
      return joined_lines(trouble, fmt::format("it is still there; kubectl get namespace {0} -o yaml says why, and "
                                               "kubectl delete namespace {0} removes it",
                                               inside_.namespace_));
    inside_.io.pacer.sleep(kPoll, {});
  }
}

}  // namespace migrate::plugin
