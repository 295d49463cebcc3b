#include "test/bench/components/container_restore.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "shared/base/base64.h"
#include "test/bench/components/criu_stats.h"
#include "test/bench/evaluation/bed.h"
#include "test/bench/figures.h"
#include "test/temporary_folder.h"

namespace bench {
namespace {

using namespace harness;

constexpr int kTimes = 5;
constexpr const char* kNode = "node-a";
constexpr const char* kFolder = "/var/lib/bench-runc";

struct Plain {
  std::vector<double> checkpoint;
  std::vector<double> restore;
  std::vector<double> criu_frozen;
  std::vector<double> criu_restoring;
};

double milliseconds(migrate::Microseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

Plain plain_runc(const Cluster& cluster, int mib) {
  const auto put = [&](const char* name, const std::string& content) {
    cluster.on(kNode,
               {"sh", "-c", "mkdir -p \"$(dirname \"$0\")\" && cat >\"$0\" && chmod 755 \"$0\"",
                fmt::format("{}/{}", kFolder, name)},
               content);
  };
  put("rootfs/bin/orders-consumer", migrate::test::read_text(program("orders-consumer")));
  put("plain-runc", migrate::test::read_text(source_folder() / "test/bench/components/plain-runc"));
  const auto decoded = [](const std::string& text) { return migrate::value_or_fatal(migrate::from_base64(text)); };
  Plain plain;
  for (int i = 0; i < kTimes; ++i) {
    std::istringstream answer{cluster.on(kNode, {fmt::format("{}/plain-runc", kFolder), kFolder, std::to_string(mib)})};
    double checkpoint = 0;  // nanoseconds, as the restore
    double restore = 0;
    std::string dumped;
    std::string restored;
    answer >> checkpoint >> restore >> dumped >> restored;
    plain.checkpoint.push_back(checkpoint / 1e6);
    plain.restore.push_back(restore / 1e6);
    const CriuDump dump = migrate::value_or_fatal(parse_stats_dump(decoded(dumped)));
    plain.criu_frozen.push_back(milliseconds(dump.frozen));
    const CriuRestore of = migrate::value_or_fatal(parse_stats_restore(decoded(restored)));
    plain.criu_restoring.push_back(milliseconds(of.restoring));
  }
  cluster.on(kNode, {"rm", "-rf", kFolder});
  return plain;
}

// Phases and freeze of moves there and back; the first one is not counted.
std::vector<Sample> moves_by_stop(int mib) {
  const evaluation::Bed bed{{"components", "stop", 10, 10, mib, 1}, "evaluate-components"};
  std::vector<Sample> samples;
  for (int i = 0; i <= kTimes; ++i) {
    const auto moved = bed.at(0).move({"--to", bed.at(0).other_node(), "--checkpoint", "direct"});
    if (i > 0) samples.push_back(sample_of(moved.migration));
  }
  return samples;
}

Spread99 spread_in(const std::vector<Sample>& samples, const std::string& name) {
  std::vector<double> values;
  for (const Sample& sample : samples)
    values.push_back(sample.at(name));
  return spread99_of(values);
}

}  // namespace

void measure_container_restore(const Tell& tell) {
  const Cluster cluster;
  for (const int mib : {20, 100, 500}) {
    const std::string with = fmt::format("{} MiB", mib);
    const auto samples = moves_by_stop(mib);
    const Plain plain = plain_runc(cluster, mib);
    const auto say = [&](const char* part, const char* name, const char* limit, const std::vector<double>& beside) {
      tell({part, with, "ms", spread_in(samples, name), limit, spread99_of(beside)});
    };
    say("checkpoint (phase)", "Checkpointing", "runc checkpoint", plain.checkpoint);
    say("frozen until the commit", "freeze", "CRIU: frozen", plain.criu_frozen);
    say("restore (phase)", "Restoring", "runc restore", plain.restore);
    say("restore (phase)", "Restoring", "CRIU: restoring", plain.criu_restoring);
  }
}

}  // namespace bench
