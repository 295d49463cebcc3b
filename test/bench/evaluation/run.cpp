#include "test/bench/evaluation/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "shared/base/host.h"
#include "shared/base/time.h"
#include "test/bench/evaluation/bed.h"
#include "test/bench/evaluation/figures_of.h"
#include "test/bench/evaluation/http_probes.h"
#include "test/bench/evaluation/naive_move.h"

namespace evaluation {
namespace {

using namespace harness;
using Json = nlohmann::json;
using Rows = std::vector<Row>;

// Longer than a migration's own timeout: of Strategy::words where they say one, else the product's 10 minutes and what
// comes behind the commit.
constexpr std::chrono::minutes kHang{25};
constexpr std::chrono::minutes kHangUnbounded{90};
// Behind the move, so that the gap's end is seen before the load ends.
constexpr std::uint64_t kOrdersAfterwards = 5;

Rows begin_rows(const Run& run, const Surroundings& around) {
  Rows rows;
  for (int member = 0; member < run.cell.at_once; ++member) {
    Row& row = rows.emplace_back(run, member);
    row.set("began", migrate::to_rfc3339(migrate::SystemClock{}.now()));
    row.set("load_1m", load_of_last_minute());
    row.set("versions", around.versions);
    row.set("machine", around.machine);
  }
  return rows;
}

// What a member was before its move, and what moved it.
struct Member {
  std::uint64_t repeats = 0;
  Course course{};
  bool works = true;  // it moved, or is what it was: who asks it is answered
  const Background* plugin = nullptr;
};

// A run at work: what its steps share.
class Work {
 public:
  Work(const Run& run, const RunNeeds& needs, Rows& rows)
      : run_(run), needs_(needs), rows_(rows), members_(rows.size()) {}

  // The main line. What fails is in the rows of whom it concerns, and the others go on.
  void run() {
    const Bed bed{run_.cell, needs_.ns};
    {
      // Only of a single one: sixteen probers would be a load of their own.
      std::optional<HttpProbes> probes;
      if (bed.size() == 1) probes.emplace(bed);
      look_before(bed);
      const CpuTime before = cpu_time();
      step_ = "move";
      strategy().mover == Mover::script ? move_by_script(bed) : move_by_product(bed);
      add_cpu_time(before);
      step_ = "settle";
      settle(bed);
      if (probes) add_http(probes->figures(), rows_.front());
    }
    step_ = "judge";
    judge(bed);
    if (strategy().mover == Mover::script) forget_images(bed.stage().cluster());
  }

  // Into the row goes what it says first; all of it into a file.
  void fail(Row& row, Outcome outcome, const std::string& text) const {
    if (outcome == Outcome::failed) {
      row.judge(outcome, text.substr(0, text.find('\n')));
      if (row.at("failed_at").empty()) row.set("failed_at", step_);
    }
    std::string name = to_string(run_);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == ' ' || c == '/'; }, '-');
    std::filesystem::create_directories(needs_.failures);
    std::ofstream{needs_.failures / (name + ".txt"), std::ios::app} << row.at("began") << "\n" << text << "\n";
  }

 private:
  [[nodiscard]] const Strategy& strategy() const { return strategy_named(run_.cell.strategy); }

  // `step` of each member that works still; what it throws is that member's failure.
  template <class Step>
  void for_each(const Bed& bed, const Step& step) {
    for (std::size_t member = 0; member < bed.size(); ++member) {
      if (!members_[member].works) continue;
      try {
        step(bed.at(member), rows_[member], members_[member]);
      } catch (const std::exception& error) {
        fail(rows_[member], Outcome::failed, error.what());
      }
    }
  }

  void look_before(const Bed& bed) {
    for_each(bed, [&](const Scene& scene, Row& row, Member& member) {
      const Json counts = scene.orders().counts(scene.consumer());
      member.repeats = counts.at("duplicates").get<std::uint64_t>();
      const auto handled = counts.at("count").get<std::uint64_t>();
      const std::uint64_t sent = scene.sent();  // a little later, so it is no less
      row.set("waiting_before", sent - std::min(sent, handled));
    });
  }

  void add_cpu_time(const CpuTime& before) {
    const CpuShares shares = shares_between(before, cpu_time());
    for (Row& row : rows_) {
      row.set("cpu_busy", shares.busy);
      row.set("cpu_stolen", shares.stolen);
    }
  }

  void move_by_script(const Bed& bed) {
    for_each(bed, [&](Scene& scene, Row& row, Member& member) {
      member.works = false;  // until it has come to its end
      NaiveMove move = naive_move(scene, bed.manifest(), strategy().words);
      member.works = true;
      row.set("total_us", move.total);
      row.set("archive_bytes", move.archive.count);
      row.set("phases_us", phases_of(move.steps));
      add_instants(move.steps.front().started, move.steps.back().finished, row);
      member.course.first = std::move(move.steps);
    });
  }

  // All of them begin before the first one's end is waited for.
  void move_by_product(const Bed& bed) {
    const migrate::test::TemporaryFolder folder;
    std::vector<Words> commands;
    for (std::size_t member = 0; member < bed.size(); ++member)
      commands.push_back(words_of(bed.at(member), bed.stage()));
    std::deque<Background> plugins;
    {
      // A shadow on its way into its name takes its log with it, so somebody has to look for it.
      std::jthread watcher;
      if (strategy().subject == Subject::set) watcher = bed.at(0).follow_shadows();
      for (const Words& command : commands)
        plugins.emplace_back(command, folder / std::to_string(plugins.size()));
      for (Background& plugin : plugins)
        plugin.wait(strategy().name == "live" ? kHangUnbounded : kHang);
    }
    step_ = "follow";
    for (std::size_t member = 0; member < bed.size(); ++member)
      members_[member].plugin = &plugins[member];
    for_each(bed, [&](Scene& scene, Row& row, Member& member) { follow(scene, row, *member.plugin, member); });
  }

  [[nodiscard]] Words words_of(const Scene& scene, const Stage& stage) const {
    Words words{scene.consumer(), "--to", scene.other_node()};
    words.insert(words.end(), strategy().words.begin(), strategy().words.end());
    words.insert(words.end(), {"-o", "json"});
    return stage.plugin_words(words);
  }

  static void follow(Scene& scene, Row& row, const Background& plugin, Member& member) {
    member.works = false;
    const Json object = Json::parse(plugin.output(), nullptr, false);
    if (!object.is_object()) throw std::runtime_error("kubectl-migrate: " + plugin.errors());
    const auto migration = migrate::value_or_fatal(migrate::parse_migration(object));
    add_migration(migration, row);
    member.course.first = migration.status.steps;
    // In doubt, or failed behind its commit, whoever is asked may be frozen or gone.
    member.works =
        migration.status.phase == migrate::Phase::succeeded || migration.status.phase == migrate::Phase::rolled_back;
    if (migration.status.phase != migrate::Phase::succeeded) {
      row.judge(Outcome::failed, "");
      throw std::runtime_error(plugin.errors() + scene.stage().report(migration.name));
    }
    row.set("repeats_bound", repeats_allowed(object, kPrefetch));
    // A live migration of a set's Pod has a second one in it, into the name.
    if (migrate::keeps_name(migration) && migration.status.strategy == migrate::Strategy::live)
      add_way_into_name(scene.stage(), migration.name, row, member);
    scene.follow(object);
  }

  // Of several tries the one that succeeded.
  static void add_way_into_name(const Stage& stage, const std::string& first, Row& row, Member& member) {
    const Json all = stage.cluster().get({"migrations.kubectl-migrate.dev", "-n", stage.ns().name()});
    for (const Json& object : all.at("items")) {
      const auto second = migrate::value_or_fatal(migrate::parse_migration(object));
      if (!second.name.starts_with(first + "-name-") || second.status.phase != migrate::Phase::succeeded) continue;
      add_second(second, row);
      member.course.second = second.status.steps;
    }
  }

  void settle(const Bed& bed) {
    for_each(bed, [&](Scene& scene, Row& row, Member& member) {
      scene.wait_for_more(kOrdersAfterwards);
      // A state that begins anew has forgotten those before; the audit says that it did.
      const std::uint64_t now = scene.repeats();
      if (now >= member.repeats) row.set("repeats_met", now - member.repeats);
    });
  }

  void judge(const Bed& bed) {
    for_each(bed, [&](Scene& scene, Row& row, Member& member) {
      const Verdict verdict = scene.judge();
      if (!verdict.figures.is_object()) throw std::runtime_error("orders-audit: " + verdict.report);
      add_audit(verdict.figures, row);
      row.set("message_gap_in", phases_of_gap(member.course, row));
      if (!verdict.clean) fail(row, Outcome::unclean, verdict.report);
    });
  }

  const Run& run_;
  const RunNeeds& needs_;
  Rows& rows_;
  std::vector<Member> members_;
  std::string step_ = "prepare";
};

}  // namespace

std::vector<Row> measure(const Run& run, const RunNeeds& needs) {
  const auto began = std::chrono::steady_clock::now();
  Rows rows = begin_rows(run, needs.around);
  Work work{run, needs, rows};
  try {
    work.run();
  } catch (const std::exception& error) {
    for (Row& row : rows)
      work.fail(row, Outcome::failed, error.what());
  }
  const auto took = std::chrono::duration_cast<migrate::Microseconds>(std::chrono::steady_clock::now() - began);
  for (Row& row : rows)
    row.set("run_us", took);
  return rows;
}

void warm_up(const std::string& ns) {
  const Bed bed{{"warm-up", "stop", 20, 10, 20, 1}, ns};
  for (int i = 0; i < 2; ++i)
    bed.at(0).move({"--to", bed.at(0).other_node()});
}

}  // namespace evaluation
