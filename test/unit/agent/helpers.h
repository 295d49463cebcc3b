// A node for the agent's tests: temporary folders, a runtime in memory, a clock that stands.
#pragma once

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

#include "node/agent/agent.h"
#include "test/fakes/container_runtime.h"
#include "test/fakes/host.h"

namespace migrate::agent {

using namespace std::chrono_literals;

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view message, const LogFields& about) override {
    const std::lock_guard lock{mutex_};
    lines.emplace_back(message);
    fields.push_back(about);
  }
  std::vector<std::string> lines;
  std::vector<LogFields> fields;  // of each line

 private:
  std::mutex mutex_;
};

class FakeKubelet final : public KubeletCheckpoints {
 public:
  Result<void> checkpoint(const PodRef&, const std::string&, const std::filesystem::path& into, milliseconds,
                          const std::stop_token&) override {
    if (before) before();
    if (!error.empty()) return failure(error);
    test::write_text(into, archive);
    if (afterwards) afterwards();
    return {};
  }
  Result<void> check(const PodRef& pod, milliseconds, const std::stop_token&) override {
    checked = pod.name;
    return error.empty() ? Result<void>{} : failure(error);
  }
  KubeletCheckpoint probe(milliseconds, const std::stop_token&) override {
    ++probes;
    return {error.empty() ? KubeletCheckpoint::kAllowed : KubeletCheckpoint::kUnknown, error};
  }
  int probes = 0;
  std::string checked;  // the last Pod
  std::string archive = "a tar file";
  std::string error;
  std::function<void()> before;
  std::function<void()> afterwards;
};

struct Node {
  test::TemporaryFolder folder;
  Places places{folder / "state", folder / "pods", folder / "migrate-runc.log"};
  fakes::ContainerRuntime runtime;
  fakes::Clock clock;
  SilentLog log;
  FakeKubelet kubelet;
  std::string boot_id = "boot-1";

  Node() { std::filesystem::create_directories(folder / "state"); }

  [[nodiscard]] SourceParts source_parts() { return {places, boot_id, runtime, clock, log}; }
  [[nodiscard]] TargetParts target_parts(ConnectPeer connect) {
    return {places, boot_id, runtime, clock, log, std::move(connect)};
  }

  // A Pod's container that runs here, with its changed files.
  void run(const std::string& id, const std::string& container, const std::string& pod_uid = "pod-1") {
    const auto upper = folder / ("upper-" + id);
    std::filesystem::create_directories(upper);
    runtime.containers[id] = {pod_uid, container, false, upper};
  }
};

inline Order order(std::int64_t term = 1, const std::string& migration = "m-1") {
  return {migration, "shop/orders", term};
}

inline PodRef pod(const std::string& uid = "pod-1", const std::string& name = "orders") {
  return {"shop", name, uid};
}

template <class T>
void fails(const AgentResult<T>& result, AgentError::Kind kind, const std::string& says = "") {
  BOOST_REQUIRE(!result);
  BOOST_TEST(static_cast<int>(result.error().kind) == static_cast<int>(kind), result.error().message);
  BOOST_TEST(result.error().message.find(says) != std::string::npos, result.error().message);
}

template <class T>
decltype(auto) good(AgentResult<T> result) {
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().message));
  if constexpr (!std::is_void_v<T>) return T{*std::move(result)};
}

inline void good(const Result<void>& result) {
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().message));
}

}  // namespace migrate::agent
