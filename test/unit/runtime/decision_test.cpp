#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "node/runtime/decision.h"

namespace migrate::runtime {

std::ostream& operator<<(std::ostream& out, const Decision& decision) {
  return out << "action " << static_cast<int>(decision.action) << " refusal " << static_cast<int>(decision.refusal);
}

}  // namespace migrate::runtime

namespace {

using namespace migrate::runtime;
using namespace std::chrono_literals;
using Folder = Observation::Folder;
using Kind = Identity::Kind;

Request request(Kind kind = Kind::container) {
  return {"m-1", {kind, "uid-1", "shop/orders-0", "app", ""}};
}

Observation prepared() {
  Observation seen;
  seen.folder = Folder::prepared;
  seen.expected = {"m-1", 5s};
  return seen;
}

Observation with(void (*change)(Observation&)) {
  Observation seen = prepared();
  change(seen);
  return seen;
}

constexpr Decision kExec{Action::exec_runc, Refusal::none};
constexpr Decision kWait{Action::wait, Refusal::none};
constexpr Decision kRestore{Action::restore, Refusal::none};
constexpr Decision refuse(Refusal why) {
  return {Action::refuse, why};
}

BOOST_AUTO_TEST_SUITE(decision)

struct Row {
  const char* name;
  Request request;
  Observation seen;
  milliseconds elapsed;
  Decision expected;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

const std::vector<Row> kRows{
    {"no annotation", {std::nullopt, {}}, {}, 0ms, kExec},
    {"no annotation, whatever lies in a folder",
     {std::nullopt, request().identity},
     with([](auto& s) { s.claimed = Mark::this_boot; }),
     0ms,
     kExec},
    {"the sandbox", request(Kind::sandbox), {}, 0ms, kExec},
    {"identity unknown", request(Kind::unknown), prepared(), 0ms, refuse(Refusal::identity)},
    {"identity unknown is not helped by used", request(Kind::unknown), with([](auto& s) { s.used = true; }), 0ms,
     refuse(Refusal::identity)},
    {"not yet there, or a forged annotation", request(), {}, 0ms, refuse(Refusal::not_prepared)},
    {"forged: another migration's folder", request(), with([](auto& s) {
       s.expected.migration = "m-2";
       s.go = Mark::this_boot;
     }),
     0ms, refuse(Refusal::other_migration)},
    {"a folder that others could have laid", request(), with([](auto& s) {
       s.folder = Folder::untrusted;
       s.go = Mark::this_boot;
     }),
     0ms, refuse(Refusal::untrusted)},
    {"a folder of others does not start cold either", request(), with([](auto& s) {
       s.folder = Folder::untrusted;
       s.used = true;
     }),
     0ms, refuse(Refusal::untrusted)},
    {"expected unreadable", request(), with([](auto& s) {
       s.folder = Folder::broken;
       s.go = Mark::this_boot;
     }),
     0ms, refuse(Refusal::broken)},
    {"the checkpoint is under way", request(), prepared(), 0ms, kWait},
    {"agent restarted while it waits: the same folder", request(), prepared(), 30s, kWait},
    {"released", request(), with([](auto& s) { s.go = Mark::this_boot; }), 30s, kRestore},
    {"aborted before release", request(), with([](auto& s) { s.abort = true; }), 0ms, refuse(Refusal::aborted)},
    {"abort beats go", request(), with([](auto& s) {
       s.abort = true;
       s.go = Mark::this_boot;
     }),
     0ms, refuse(Refusal::aborted)},
    {"used: a later restart", request(), with([](auto& s) {
       s.used = true;
       s.claimed = Mark::this_boot;
       s.go = Mark::this_boot;
     }),
     0ms, kExec},
    {"used and the rest cleaned up", request(),
     [] {
       Observation s;
       s.used = true;
       return s;
     }(),
     0ms, kExec},
    {"used, after a reboot", request(), with([](auto& s) {
       s.used = true;
       s.claimed = s.go = Mark::earlier_boot;
     }),
     0ms, kExec},
    {"a second attempt after a claimed one", request(), with([](auto& s) { s.claimed = s.go = Mark::this_boot; }), 0ms,
     refuse(Refusal::claimed)},
    {"claimed tells more than aborted", request(), with([](auto& s) {
       s.claimed = Mark::this_boot;
       s.abort = true;
     }),
     0ms, refuse(Refusal::claimed)},
    {"node rebooted after a claim", request(), with([](auto& s) { s.claimed = s.go = Mark::earlier_boot; }), 0ms,
     refuse(Refusal::claimed)},
    {"node rebooted after the release", request(), with([](auto& s) { s.go = Mark::earlier_boot; }), 0ms,
     refuse(Refusal::stale_go)},
    {"a release with exactly twice the forecast left", request(), with([](auto& s) { s.go = Mark::this_boot; }), 80s,
     kRestore},
    {"a release a millisecond later", request(), with([](auto& s) { s.go = Mark::this_boot; }), 80'001ms,
     refuse(Refusal::too_late)},
    {"no release while one could be obeyed", request(), prepared(), 80s, kWait},
    {"no release when none could be obeyed", request(), prepared(), 80'001ms, refuse(Refusal::timed_out)},
    {"the last moment at all", request(), with([](auto& s) { s.expected.forecast = 0ms; }), 89'999ms, kWait},
    {"90 seconds", request(), with([](auto& s) { s.expected.forecast = 0ms; }), 90s, refuse(Refusal::timed_out)},
    {"a release at 90 seconds", request(), with([](auto& s) {
       s.expected.forecast = 0ms;
       s.go = Mark::this_boot;
     }),
     90s, refuse(Refusal::too_late)},
    {"a forecast that never fits", request(), with([](auto& s) {
       s.expected.forecast = 46s;
       s.go = Mark::this_boot;
     }),
     0ms, refuse(Refusal::too_late)},
};

BOOST_DATA_TEST_CASE(each_case_has_its_answer, boost::unit_test::data::make(kRows), row) {
  BOOST_TEST(decide(row.request, row.seen, row.elapsed) == row.expected);
}

// Every combination, against the rule as sentences that know nothing of the order of decide's questions.
BOOST_AUTO_TEST_CASE(the_rule_holds_in_every_state) {
  std::size_t states = 0;
  std::size_t restores = 0;
  for (const bool annotated : {false, true})
    for (const Kind kind : {Kind::container, Kind::sandbox, Kind::unknown})
      for (const Folder folder : {Folder::absent, Folder::untrusted, Folder::broken, Folder::prepared})
        for (const char* migration : {"m-1", "m-2"})
          for (const Mark go : {Mark::none, Mark::this_boot, Mark::earlier_boot})
            for (const Mark claimed : {Mark::none, Mark::this_boot, Mark::earlier_boot})
              for (const bool abort : {false, true})
                for (const bool used : {false, true})
                  for (const milliseconds elapsed : {0ms, 80'000ms, 80'001ms, 90'000ms, 200'000ms}) {
                    Request asked = request(kind);
                    if (!annotated) asked.migration.reset();
                    Observation seen = prepared();
                    seen.folder = folder;
                    seen.expected.migration = migration;
                    seen.go = go;
                    seen.claimed = claimed;
                    seen.abort = abort;
                    seen.used = used;
                    const Decision decision = decide(asked, seen, elapsed);
                    ++states;
                    const bool ours = annotated && kind == Kind::container;
                    const bool cold_allowed =
                        !annotated || kind == Kind::sandbox || (ours && used && folder != Folder::untrusted);
                    const bool pending = ours && !used && folder == Folder::prepared &&
                                         std::string(migration) == "m-1" && claimed == Mark::none && !abort &&
                                         go != Mark::earlier_boot && elapsed + 10s <= 90s;
                    BOOST_CHECK_EQUAL(decision.action == Action::exec_runc, cold_allowed);
                    BOOST_CHECK_EQUAL(decision.action == Action::restore, pending && go == Mark::this_boot);
                    BOOST_CHECK_EQUAL(decision.action == Action::wait, pending && go == Mark::none);
                    BOOST_CHECK_EQUAL(decision.action == Action::refuse, decision.refusal != Refusal::none);
                    restores += decision.action == Action::restore ? 1 : 0;
                  }
  BOOST_TEST(states == 8640U);
  BOOST_TEST(restores == 2U);  // at 0 and at 80 s
}

BOOST_AUTO_TEST_CASE(a_refusal_names_container_pod_and_migration_and_says_what_to_do) {
  const std::string text = explain(Refusal::not_prepared, request(), {});
  for (const char* part : {"app", "shop/orders-0", "uid-1", "m-1", "nothing is prepared", "remove the annotation"})
    BOOST_TEST(text.find(part) != std::string::npos, text << " lacks " << part);
  BOOST_TEST(explain(Refusal::claimed, request(), with([](auto& s) { s.claimed = Mark::earlier_boot; }))
                 .find("before this node was rebooted") != std::string::npos);
  BOOST_TEST(
      explain(Refusal::claimed, request(), with([](auto& s) { s.claimed = Mark::this_boot; })).find("rebooted") ==
      std::string::npos);
  BOOST_TEST(explain(Refusal::timed_out, request(), prepared()).find("after 80 s") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
