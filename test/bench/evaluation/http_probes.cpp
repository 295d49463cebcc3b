#include "test/bench/evaluation/http_probes.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

namespace evaluation {
namespace {

using namespace harness;
using Json = nlohmann::json;

constexpr const char* kService = "probed";
constexpr const char* kNode = "node-c";
constexpr const char* kProgram = "/run/http-prober";
constexpr const char* kLongest = "7200";  // seconds; it ends with the object, or where that is killed by itself

std::string make_service(const Bed& bed) {
  const Cluster& cluster = bed.stage().cluster();
  const std::string& ns = bed.stage().ns().name();
  const Json port = {{"name", "http"}, {"port", 8080}};
  cluster.apply({{"apiVersion", "v1"},
                 {"kind", "Service"},
                 {"metadata", {{"name", kService}, {"namespace", ns}}},
                 {"spec", {{"selector", bed.selector()}, {"ports", Json::array({port})}}}});
  return cluster.field({"service", kService, "-n", ns}, ".spec.clusterIP");
}

// Once for all runs.
void put_prober(const Cluster& cluster) {
  static bool is_there = false;
  if (is_there) return;
  cluster.on(kNode, {"sh", "-c", "cat >\"$0.new\" && chmod 755 \"$0.new\" && mv \"$0.new\" \"$0\"", kProgram},
             migrate::test::read_text(program("http-prober")));
  is_there = true;
}

Words prober_words(const Bed& bed) {
  put_prober(bed.stage().cluster());
  return cluster_words({"exec", kNode, kProgram, make_service(bed), "8080", "/healthz", kLongest});
}

}  // namespace

HttpProbes::HttpProbes(const Bed& bed) : prober_(prober_words(bed), folder_ / "probes") {
  eventually("the consumer's Service to answer", [&] {
    if (!prober_.is_running()) throw std::runtime_error("http-prober has ended: " + prober_.errors());
    return http_figures(parse_probes(prober_.output())).probes > 0;
  });
}

HttpFigures HttpProbes::figures() const {
  constexpr std::chrono::seconds kPatience{10};
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const HttpFigures now = http_figures(parse_probes(prober_.output()));
    if (now.ends_answered || std::chrono::steady_clock::now() > until) return now;
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

}  // namespace evaluation
