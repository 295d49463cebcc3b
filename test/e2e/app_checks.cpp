#include "test/e2e/app_checks.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <stdexcept>

#include "test/harness/background.h"

namespace harness {
namespace {

void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

}  // namespace

ClusterKubectl::ClusterKubectl() {
  std::string line = "exec";
  for (const std::string& word : cluster_words({"kubectl"}))
    line += " '" + word + "'";
  const std::string path = put(folder_, "kubectl", "#!/bin/sh\n" + line + " \"$@\"\n");
  ::chmod(path.c_str(), S_IRWXU);
  ::setenv("KUBECTL", path.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  ::setenv("LC_ALL", "C", 1);            // NOLINT(concurrency-mt-unsafe): words and no symbols
}

ConsumerSpec consumer_to_check() {
  ConsumerSpec spec = Scene::consumer_on("node-a");
  spec.prefetch = 5;
  return spec;
}

void check_says(const std::string& text, const std::string& part) {
  require(text.find(part) != std::string::npos, fmt::format("\"{}\" is not in: {}", part, text));
}

void check_passes(const migrate::Completed& done) {
  require(code_of(done) == 0, text_of(done));
  for (const char* line :
       {"messages are collected", "it looks into its control queue before it consumes anything", "instead of its own",
        "it acknowledges every message", "it gives no message back", "it stays with the replay until END_REPLAY",
        "it comes back to the replay when its connection breaks", "the copy and its queues are removed"})
    check_says(done.output, line);
  require(done.output.find("FAIL") == std::string::npos, done.output);
}

void check_left_nothing(const Scene& scene) {
  const Cluster& cluster = scene.cluster();
  const std::string pods = cluster.kubectl({"-n", scene.stage().ns().name(), "get", "pods", "-o", "name"});
  require(pods.find("-check-") == std::string::npos, "Pods are left: " + pods);
  const std::string queues = cluster.kubectl(
      {"-n", "rabbitmq", "exec", "rabbitmq-0", "--", "rabbitmqctl", "-q", "list_queues", "name", "--no-table-headers"});
  for (const char* part : {"ms2m.check.", "-check-"})
    require(queues.find(part) == std::string::npos, "queues are left: " + queues);
}

}  // namespace harness
