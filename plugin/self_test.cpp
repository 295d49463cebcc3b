// self-test: a workload of our own, migrated there and back in every way that the cluster allows.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "plugin/commands.h"
#include "plugin/format.h"
#include "plugin/interrupt.h"
#include "plugin/migrate.h"
#include "plugin/self_test_needs.h"
#include "plugin/self_test_stage.h"
#include "plugin/self_test_trip.h"
#include "plugin/self_test_ways.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPoll = 500ms;
constexpr std::chrono::milliseconds kAccountPatience = 15s;
constexpr const char* kHint = "docs/self-test.md#a-way-that-fails";

struct Tally {
  std::size_t passed = 0;
  std::size_t skipped = 0;
  std::vector<std::string> failed;  // titles
  Spans spans;
};

// A namespace that was just made takes no Pods until Kubernetes has given it its account, `default`.
Outcome<void> make(const Session& session, const Workload& workload) {
  const auto until = session.io.pacer.now() + kAccountPatience;
  for (;;) {
    const auto made = session.client.create(workload.path.collection(), workload.object);
    if (made) return {};
    const bool may_pass = made.error().kind == kube::ApiError::Kind::forbidden;
    if (!may_pass || session.io.interrupted() || session.io.pacer.now() >= until)
      return tl::make_unexpected(explain(made.error(), "create", workload.path));
    session.io.pacer.sleep(kPoll, {});
  }
}

// All workloads are made before the first is waited for: they start side by side. The error is that the user wants to
// go.
Outcome<void> play(const Session& session, const Grounds& grounds, CheckList& checks, Tally& tally) {
  const std::vector<Way> ways = ways_between(grounds.nodes);
  std::vector<Outcome<void>> made;
  made.reserve(ways.size());
  for (const Way& way : ways)
    made.push_back(way.skipped.empty() && !session.io.interrupted()
                       ? make(session, workload_for(way, session.namespace_, grounds.image, grounds.nodes))
                       : Outcome<void>{});
  for (std::size_t i = 0; i < ways.size(); ++i) {
    if (session.io.interrupted()) return fail("interrupted", exit_code::kDetached);
    const Way& way = ways.at(i);
    checks.group(way.title);
    if (!way.skipped.empty()) {
      checks.skipped("there and back", way.skipped);
      ++tally.skipped;
      continue;
    }
    Outcome<bool> passed = false;
    if (made.at(i))
      passed = SelfTestTrip{session, checks, way, grounds.nodes, tally.spans}.run();
    else
      checks.failed("deploy", made.at(i).error().message, kHint);
    if (!passed) return tl::make_unexpected(passed.error());
    if (*passed)
      ++tally.passed;
    else
      tally.failed.push_back(way.title);
  }
  return {};
}

// "0.412 s", "0.412 s to 0.630 s"
std::string range_text(const std::vector<milliseconds>& spans) {
  const auto [least, most] = std::minmax_element(spans.begin(), spans.end());
  return *least == *most ? duration_text(*least) : fmt::format("{} to {}", duration_text(*least), duration_text(*most));
}

void summarise(CheckList& checks, const Tally& tally) {
  checks.group("summary");
  std::string text = fmt::format("{} way{} passed, {} failed, {} skipped", tally.passed, tally.passed == 1 ? "" : "s",
                                 tally.failed.size(), tally.skipped);
  if (!tally.spans.freezes.empty()) text += "; frozen for " + range_text(tally.spans.freezes);
  if (!tally.spans.gaps.empty()) text += "; a gap of " + range_text(tally.spans.gaps);
  if (tally.failed.empty())
    checks.ok(text);
  else
    checks.note(text, "failed: " + joined(tally.failed, "; "));
}

void tell_interrupted(const Io& io, const std::string& namespace_) {
  io.err.stream << fmt::format(
      "\nInterrupted: what was begun is ended and removed.\nCtrl-C again leaves at once; what remains then is removed "
      "by: kubectl delete namespace {}\n",
      namespace_);
  io.err.stream.flush();
}

}  // namespace

int run_self_test(const Session& session, const Options& options) {
  const Interrupts interrupts;
  const Io& io = session.io;
  CheckList checks{io, options.output};
  const std::string name = chosen_name("kubectl-migrate-self-test", [&] { return io.pacer.random(); });
  const auto grounds = look_at_grounds(session, options, name, checks);
  if (!grounds) return report(io, grounds.error());
  if (!*grounds) {
    checks.conclude();
    return exit_code::kFailed;
  }
  if (io.interrupted()) return report(io, {"interrupted", exit_code::kDetached});

  SelfTestStage stage{session, name};
  Tally tally;
  auto played = stage.make();
  if (played) played = play(stage.session(), **grounds, checks, tally);
  if (!played && played.error().code == exit_code::kDetached) tell_interrupted(io, name);
  stage.remove(checks);
  if (!played) return report(io, played.error());
  summarise(checks, tally);
  return checks.conclude() ? exit_code::kDone : exit_code::kFailed;
}

}  // namespace migrate::plugin
