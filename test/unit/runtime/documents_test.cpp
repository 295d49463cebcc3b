#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "node/runtime/documents.h"

namespace {

using namespace migrate::runtime;
using namespace std::chrono_literals;
using Kind = Identity::Kind;

std::string config(const std::string& annotations) {
  return R"({"root":{"path":"rootfs"},"annotations":{)" + annotations + "}}";
}

const std::string kRestore = R"("kubectl-migrate.dev/restore":"m-1")";
const std::string kContainerd =
    R"("io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-uid":"uid-1","io.kubernetes.cri.sandbox-namespace":"shop",)"
    R"("io.kubernetes.cri.sandbox-name":"orders-0","io.kubernetes.cri.container-name":"app")";
const std::string kCrio =
    R"("io.kubernetes.cri-o.ContainerType":"container","io.kubernetes.pod.uid":"uid-1","io.kubernetes.pod.namespace":"shop",)"
    R"("io.kubernetes.pod.name":"orders-0","io.kubernetes.container.name":"app")";

BOOST_AUTO_TEST_SUITE(documents)

BOOST_DATA_TEST_CASE(a_container_is_known_by_the_keys_of_either_runtime,
                     boost::unit_test::data::make({kContainerd, kCrio}), keys) {
  const auto bundle = parse_bundle_config(config(kRestore + "," + keys));
  BOOST_REQUIRE(bundle);
  BOOST_TEST(bundle->request.migration.value() == "m-1");
  BOOST_TEST((bundle->request.identity.kind == Kind::container));
  BOOST_TEST(bundle->request.identity.pod_uid == "uid-1");
  BOOST_TEST(bundle->request.identity.pod == "shop/orders-0");
  BOOST_TEST(bundle->request.identity.container == "app");
  BOOST_TEST(bundle->root == "rootfs");
}

BOOST_AUTO_TEST_CASE(without_the_annotation_nothing_is_asked_for) {
  for (const std::string& text : {config(kContainerd), std::string("{}"), std::string(R"({"annotations":null})")}) {
    const auto bundle = parse_bundle_config(text);
    BOOST_REQUIRE(bundle);
    BOOST_TEST(!bundle->request.migration);
  }
}

BOOST_AUTO_TEST_CASE(a_read_only_root_and_what_is_mounted_on_its_tmp_are_told) {
  const auto plain = parse_bundle_config(R"({"root":{"path":"r"},"mounts":[{"destination":"/tmpfs"}]})");
  BOOST_TEST(!plain->read_only_root);
  BOOST_TEST(!plain->mounts_on_tmp);
  BOOST_TEST(parse_bundle_config(R"({"root":{"path":"r","readonly":true}})")->read_only_root);
  for (const char* mount : {"/tmp", "/tmp/cache"})
    BOOST_TEST(parse_bundle_config(std::string(R"({"mounts":[{"destination":")") + mount + "\"}]}")->mounts_on_tmp);
}

BOOST_AUTO_TEST_CASE(an_empty_annotation_is_one) {
  BOOST_TEST(parse_bundle_config(config(R"("kubectl-migrate.dev/restore":"")"))->request.migration.has_value());
}

BOOST_AUTO_TEST_CASE(the_sandbox_is_known_as_such) {
  const auto bundle = parse_bundle_config(
      config(kRestore + R"(,"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-uid":"uid-1")"));
  BOOST_TEST((bundle->request.identity.kind == Kind::sandbox));
}

struct Forged {
  std::string annotations;
  std::string says;
  friend std::ostream& operator<<(std::ostream& out, const Forged& forged) { return out << forged.says; }
};
const std::vector<Forged> kForged{
    {"", "neither containerd's key"},
    {kContainerd + "," + kCrio, "must not set either itself"},
    {R"("io.kubernetes.cri.container-type":"Container")", "neither container nor sandbox"},
    {R"("io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"app")", "not a Pod's uid"},
    {R"("io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-uid":"..","io.kubernetes.cri.container-name":"app")",
     "not a Pod's uid"},
    {R"("io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-uid":"u/../v","io.kubernetes.cri.container-name":"app")",
     "not a Pod's uid"},
    {R"("io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-uid":"u","io.kubernetes.cri.container-name":"a/b")",
     "not a container's name"},
};

BOOST_DATA_TEST_CASE(an_identity_that_is_missing_ambiguous_or_a_path_is_unknown, boost::unit_test::data::make(kForged),
                     forged) {
  const auto bundle =
      parse_bundle_config(config(kRestore + (forged.annotations.empty() ? "" : "," + forged.annotations)));
  BOOST_REQUIRE(bundle);
  BOOST_TEST((bundle->request.identity.kind == Kind::unknown));
  BOOST_TEST(bundle->request.identity.trouble.find(forged.says) != std::string::npos, bundle->request.identity.trouble);
}

BOOST_AUTO_TEST_CASE(a_config_that_cannot_be_understood_is_an_error) {
  for (const char* text :
       {"", "[]", "{", R"({"annotations":[]})", R"({"annotations":{"kubectl-migrate.dev/restore":7}})"})
    BOOST_TEST(!parse_bundle_config(text), text);
}

BOOST_AUTO_TEST_CASE(expectations_are_read_and_bounded) {
  const auto expectation = parse_expectation(R"({"migration":"m-1","forecastMs":350,"later":"fields"})");
  BOOST_REQUIRE(expectation);
  BOOST_TEST(expectation->migration == "m-1");
  BOOST_TEST((expectation->forecast == 350ms));
  for (const char* bad :
       {"", "{}", R"({"migration":"","forecastMs":1})", R"({"migration":"m"})", R"({"migration":"m","forecastMs":-1})",
        R"({"migration":"m","forecastMs":1.5})", R"({"migration":"m","forecastMs":"1"})",
        R"({"migration":"m","forecastMs":9223372036854775807})"})
    BOOST_TEST(!parse_expectation(bad), bad);
}

BOOST_AUTO_TEST_CASE(settings_are_absolute_paths_and_mistakes_are_named) {
  const auto settings = parse_settings(R"({"runc":"/usr/sbin/runc","stateFolder":"/s","log":"/l"})");
  BOOST_REQUIRE(settings);
  BOOST_TEST(settings->runc == "/usr/sbin/runc");
  BOOST_TEST(settings->state_folder == "/s");
  BOOST_TEST(settings->log == "/l");
  BOOST_TEST(parse_settings("{}")->state_folder == "/var/lib/kubectl-migrate/restores");
  for (const char* bad : {"", "[]", R"({"runc":"runc"})", R"({"runc":1})", R"({"runk":"/x"})"})
    BOOST_TEST(!parse_settings(bad), bad);
}

BOOST_AUTO_TEST_CASE(a_mark_tells_its_boot) {
  BOOST_TEST(boot_of_mark(mark_text("boot-1", "id", {})) == "boot-1");
  for (const char* silent : {"", "boot-1", "{}", R"({"bootId":1})", "[]"})
    BOOST_TEST(boot_of_mark(silent) == "", silent);
}

BOOST_AUTO_TEST_CASE(lines_of_our_own_log_have_the_keys_of_the_other_programs_logs) {
  const migrate::Instant at{1'700'000'000s};
  Request about;
  BOOST_TEST(own_log_line("info", "start c1: \xff", about, at) ==
             "{\"time\":\"2023-11-14T22:13:20.000000Z\",\"level\":\"info\",\"program\":\"migrate-runc\","
             "\"message\":\"start c1: \xef\xbf\xbd\"}\n");
  about.migration = "m-1";
  about.identity.pod = "shop/orders-0";
  about.identity.container = "app";
  const std::string line = own_log_line("error", "create c1: no", about, at);
  BOOST_TEST(line.find(R"("message":"create c1: no","migration":"m-1","pod":"orders-0","container":"app"})") !=
                 std::string::npos,
             line);
}

BOOST_AUTO_TEST_CASE(log_lines_have_runcs_own_form) {
  const migrate::Instant at{1'764'036'184'000'042us};
  BOOST_TEST(
      log_line(LogFormat::json, "error", "say \"no\"\n\xff", at) ==
      "{\"level\":\"error\",\"msg\":\"say \\\"no\\\"\\n\xEF\xBF\xBD\",\"time\":\"2025-11-25T02:03:04.000042Z\"}\n");
  BOOST_TEST(log_line(LogFormat::text, "error", "no", at) ==
             "time=\"2025-11-25T02:03:04.000042Z\" level=error msg=\"no\"\n");
}

BOOST_AUTO_TEST_CASE(a_report_says_whether_memory_ran_or_that_it_is_not_known) {
  BOOST_TEST(report_text({"m", false}, {}).find("\"tasksResumed\":false") != std::string::npos);
  BOOST_TEST(report_text({"m", true}, {}).find("\"tasksResumed\":true") != std::string::npos);
  BOOST_TEST(report_text({"m", std::nullopt}, {}).find("\"tasksResumed\":null") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_a_running_container_is_called_created_before_its_start) {
  BOOST_TEST(state_before_start(R"({"id":"a","status":"running","pid":7})") ==
             "{\n  \"id\": \"a\",\n  \"status\": \"created\",\n  \"pid\": 7\n}");
  for (const char* other :
       {R"({"id":"a","status":"stopped"})", R"({"status":"paused"})", "", "no JSON", "[]", R"({"status":1})"})
    BOOST_TEST(state_before_start(other) == other);
}

BOOST_AUTO_TEST_CASE(a_mark_says_who_wrote_it_and_when) {
  const migrate::Instant at{std::chrono::seconds{5}};
  const MarkWriter writer = parse_mark(mark_text("boot-1", "c1", at));
  BOOST_TEST((writer.boot_id == "boot-1" && writer.container == "c1" && writer.at == at));
  for (const char* text : {"", "[]", "{}", R"({"bootId":1,"at":"yesterday"})"})
    BOOST_TEST((parse_mark(text).boot_id.empty() && !parse_mark(text).at));
}

BOOST_AUTO_TEST_CASE(a_report_is_read_as_it_was_written) {
  for (const std::optional<bool> resumed : {std::optional<bool>{}, std::optional{true}, std::optional{false}}) {
    const auto report = parse_report(report_text({"criu failed", resumed}, {}));
    BOOST_REQUIRE(report);
    BOOST_TEST(report->message == "criu failed");
    BOOST_TEST((report->tasks_resumed == resumed));
  }
  BOOST_TEST(!parse_report("{"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
