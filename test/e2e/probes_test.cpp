// Liveness probes and the freeze: those that fail while a Pod is frozen bound how long it may be, and those that do not
// leave it alone, however tight they are. That an http probe refuses a migration as well is in bad_input_test.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "test/e2e/holds.h"
#include "test/e2e/small_pods.h"
#include "test/harness/background.h"

using namespace harness;
using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

Json liveness(const char* handler, Json how, int period, int failures) {
  // The first probe finds what it asks already there.
  return {
      {handler, std::move(how)}, {"initialDelaySeconds", 2}, {"periodSeconds", period}, {"failureThreshold", failures}};
}
const Json kHttp = {{"path", "/hostname"}, {"port", 8080}};
const Json kTcp = {{"port", 8080}};
const Json kExec = {{"command", {"cat", "/tmp/count"}}};
constexpr const char* kServer = "httpd -p 8080 -h /etc";

Json& containers(Json& pod) {
  return pod["spec"]["containers"];
}

// All Pods that a case is about, made once and together.
struct Pods {
  Stage stage{"probes"};
  Pods() {
    const std::string& ns = stage.ns().name();
    // Nobody answers it: it is never asked.
    Json grpc = small_pod(ns, "grpc", "node-a");
    containers(grpc)[0]["livenessProbe"] = liveness("grpc", {{"port", 9}}, 1, 3);
    containers(grpc)[0]["livenessProbe"]["initialDelaySeconds"] = 3600;
    // The tightest of all containers' probes counts.
    Json second = small_pod(ns, "second", "node-a", kServer);
    containers(second)[0]["livenessProbe"] = liveness("httpGet", kHttp, 30, 3);
    containers(second).push_back(containers(grpc)[0]);
    containers(second)[1]["name"] = "side";
    Json patient = small_pod(ns, "patient", "node-a", kServer);
    containers(patient)[0]["livenessProbe"] = liveness("tcpSocket", kTcp, 1, 3);
    containers(patient).push_back(containers(grpc)[0]);
    containers(patient)[1]["name"] = "side";
    containers(patient)[1]["livenessProbe"] = liveness("exec", kExec, 1, 3);
    Json bounded = small_pod(ns, "bounded", "node-a", kServer);
    containers(bounded)[0]["livenessProbe"] = liveness("httpGet", kHttp, 1, 5);
    for (const Json& pod : {grpc, second, patient, bounded})
      stage.cluster().apply(pod);
    for (const char* name : {"grpc", "second", "patient", "bounded"})
      stage.cluster().wait_ready(ns, name);
  }
};

const Stage& stage() {
  static const Pods made;
  return made.stage;
}

std::uint64_t count_in(const std::string& pod, const std::string& container) {
  return std::stoull(
      stage().cluster().kubectl({"-n", stage().ns().name(), "exec", pod, "-c", container, "--", "cat", "/tmp/count"}));
}

void check_said(const migrate::Completed& answer, const std::string& migration, int code, const Words& parts) {
  const std::string said = answer.output + answer.errors;
  BOOST_TEST(code_of(answer) == code, text_of(answer) << stage().report(migration));
  for (const std::string& part : parts)
    BOOST_TEST(said.find(part) != std::string::npos, "nothing of '" << part << "' in\n" << said);
}

// The migration waits for so long, with its source frozen, before CRIU begins.
migrate::Completed migrate_slowly(const std::string& pod, const std::string& migration, std::chrono::seconds frozen) {
  const migrate::test::TemporaryFolder folder;
  auto hold = hold_criu(stage().cluster(), "node-a");
  Background plugin{stage().plugin_words({pod, "--to", "node-b", "--name", migration}), folder / "out"};
  hold->await();
  std::this_thread::sleep_for(frozen);
  hold.reset();
  const int code = plugin.wait();
  return {migrate::Exited{code}, plugin.output(), plugin.errors()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(probes)

BOOST_AUTO_TEST_CASE(what_would_kill_it_while_frozen_is_refused_with_the_numbers) {
  for (const char* pod : {"grpc", "second"}) {
    const Untouched before{stage(), pod};
    check_said(stage().plugin({pod, "--to", "node-b", "--name", pod}), pod, 3,
               {std::string("probes/") + pod, "liveness probe", "after 0 ms", "forecast to be frozen for",
                "raise failureThreshold or periodSeconds"});
    BOOST_TEST(before.trouble() == "");
    stage().check_nothing_left(pod);
  }
}

BOOST_AUTO_TEST_CASE(tcp_and_exec_probes_leave_it_alone_for_more_periods_than_they_may_fail) {
  const std::uint64_t main = count_in("patient", "main");
  const std::uint64_t side = count_in("patient", "side");
  const auto moved = migrate_slowly("patient", "patient", 6s);
  check_said(moved, "patient", 0, {"continues"});
  stage().require(moved.succeeded(), "it did not move", "patient");
  const Json status = stage().migration("patient").at("status");
  BOOST_TEST(status.at("checkpoint").at("freezeMs").get<std::int64_t>() >= 6'000);
  const auto target = status.at("target").at("pod").get<std::string>();
  // A cold start would count from 1. Three more seconds are three more probes.
  const int restarts = restarts_of(stage().pod(target));
  stage().await("both to count on", "patient",
                [&] { return count_in(target, "main") > main + 30 && count_in(target, "side") > side + 30; });
  BOOST_TEST(restarts_of(stage().pod(target)) == restarts);
  stage().check_nothing_left("patient");
}

BOOST_AUTO_TEST_CASE(a_freeze_that_lasts_longer_than_its_probes_allow_is_ended_before_they_kill_it) {
  const Untouched before{stage(), "bounded"};
  // Its probe would kill it within 5 s.
  check_said(migrate_slowly("bounded", "bounded", 7s), "bounded", 5, {"Rolled back", "node-a"});
  BOOST_TEST(before.trouble() == "");
  stage().check_nothing_left("bounded");
}

BOOST_AUTO_TEST_SUITE_END()
