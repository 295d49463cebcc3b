#include "test/unit/monitoring/exposed.h"

#include <regex>
#include <sstream>

#include "extender/metrics/prometheus_metrics.h"
#include "extender/server/request_metrics.h"
#include "node/agent/metrics.h"

namespace migrate::monitoring {
namespace {

using namespace std::chrono_literals;

std::string of_controller() {
  PrometheusMetrics metrics;
  metrics.phase_took(Phase::freezing, 1s);
  MessagesStatus messages;
  messages.arrival_rate = 1;
  messages.service_rate = 1;
  messages.service_rate_from = RateSource::target;
  messages.backlog_at_cut = 1;
  messages.cutoff_planned = 1s;
  messages.cutoff_used = 1s;
  messages.cut_because = "Cutoff";
  metrics.replayed(Strategy::live, messages);
  return metrics.text();
}

std::string of_extender() {
  extender::RequestMetrics metrics;
  metrics.answered("/filter", 200, 1ms);
  return metrics.text();
}

std::string of_agent() {
  agent::Metrics metrics;
  metrics.order("freeze", "done", 1ms);
  metrics.archive_bytes("out", 1_MiB);
  return metrics.text();
}

// Prometheus' text format, as far as names go.
void read(const std::string& text, Exposed& into) {
  static const std::regex kFamily{R"(# TYPE (\w+) \w+)"};
  static const std::regex kSeries{R"((\w+)(?:\{(.*)\})? \S+)"};
  static const std::regex kLabel{R"re((\w+)=")re"};
  std::istringstream lines{text};
  std::smatch found;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, found, kFamily)) into.families.insert(found[1].str());
    if (!std::regex_match(line, found, kSeries)) continue;
    std::set<std::string>& labels = into.series[found[1].str()];
    const std::string list = found[2].str();
    for (std::sregex_iterator one{list.begin(), list.end(), kLabel}, end; one != end; ++one)
      labels.insert((*one)[1].str());
  }
}

}  // namespace

const Exposed& exposed() {
  static const Exposed kExposed = [] {
    Exposed all;
    for (const std::string& text : {of_controller(), of_extender(), of_agent()})
      read(text, all);
    return all;
  }();
  return kExposed;
}

}  // namespace migrate::monitoring
