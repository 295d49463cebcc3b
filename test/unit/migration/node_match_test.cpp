#include "shared/migration/node_match.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>

namespace {

using namespace migrate;
namespace data = boost::unit_test::data;

NodeFacts node(const std::string& name) {
  NodeFacts made;
  made.node = name;
  made.criu = "4.2.1";
  made.kernel = "6.12.5-cloud";
  made.architecture = "amd64";
  made.cpu_features = {"avx", "avx2", "sse2"};
  return made;
}

struct Row {
  const char* what;
  std::function<void(NodeFacts& from, NodeFacts& to)> change;
  bool fits;
  const char* why;    // a part; empty: nothing is said
  const char* brief;  // whole
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.what; }
};

const std::vector<Row> kRows{
    {"alike", [](auto&, auto&) {}, true, "", ""},
    {"another architecture, whose CPU features say nothing",
     [](auto&, auto& to) {
       to.architecture = "arm64";
       to.cpu_features = {"asimd"};
     },
     false, "node node-b is arm64, the source's node node-a is amd64", "arm64, not amd64"},
    {"a lesser CPU", [](auto&, auto& to) { to.cpu_features = {"sse2"}; }, false,
     "the CPU of node node-b lacks avx, avx2 of the source's node node-a", "without the CPU features avx, avx2"},
    {"a much lesser CPU",
     [](auto& from, auto& to) {
       from.cpu_features = {"a", "b", "c", "d", "e"};
       to.cpu_features.clear();
     },
     false, "lacks a, b, c and 2 more of", "without the CPU features a, b, c and 2 more"},
    {"four are all named",
     [](auto& from, auto& to) {
       from.cpu_features = {"a", "b", "c", "d"};
       to.cpu_features.clear();
     },
     false, "lacks a, b, c, d of", "without the CPU features a, b, c, d"},
    {"a better CPU", [](auto&, auto& to) { to.cpu_features.emplace_back("xsave"); }, true, "", ""},
    {"no CRIU", [](auto&, auto& to) { to.criu.clear(); }, false, "node node-b has no CRIU; install",
     "no CRIU; version 4.2 or newer is needed"},
    {"a CRIU too old for anybody", [](auto& from, auto& to) { from.criu = to.criu = "3.17"; }, false,
     "node node-b has CRIU 3.17; 4.2 or newer is needed", "CRIU 3.17; 4.2 or newer is needed"},
    {"an older CRIU", [](auto&, auto& to) { to.criu = "4.2"; }, false,
     "node node-b has CRIU 4.2, and does not read what 4.2.1 of the source's node node-a writes",
     "CRIU 4.2 does not read what 4.2.1 writes"},
    {"a newer CRIU", [](auto&, auto& to) { to.criu = "4.10"; }, true, "", ""},
    {"an older kernel is no obstacle", [](auto&, auto& to) { to.kernel = "6.1.0-18-amd64"; }, true,
     "node node-b has kernel 6.1.0-18-amd64, older than 6.12.5-cloud of the source's node node-a",
     "kernel 6.1.0-18-amd64 is older than 6.12.5-cloud"},
    {"the last number of a kernel does not count", [](auto&, auto& to) { to.kernel = "6.12.1"; }, true, "", ""},
    {"a newer kernel", [](auto&, auto& to) { to.kernel = "6.18"; }, true, "", ""},
    {"a kernel that is not known", [](auto&, auto& to) { to.kernel.clear(); }, true, "", ""},
};

BOOST_AUTO_TEST_SUITE(node_match)

BOOST_DATA_TEST_CASE(what_one_node_has_otherwise_than_another, data::make(kRows), row) {
  NodeFacts from = node("node-a");
  NodeFacts to = node("node-b");
  row.change(from, to);
  const NodeMatch found = match(from, to);
  BOOST_TEST(found.fits == row.fits);
  const bool is_silent = std::string(row.why).empty();
  BOOST_REQUIRE(found.why.size() == (is_silent ? 0U : 1U));
  if (is_silent) return;
  BOOST_TEST(found.why.front().find(row.why) != std::string::npos, found.why.front());
  BOOST_TEST(misfits(from, to).front().brief == row.brief);
}

BOOST_AUTO_TEST_CASE(all_that_stands_in_the_way_is_told) {
  NodeFacts to = node("node-b");
  to.cpu_features = {"sse2"};
  to.criu = "";
  to.kernel = "6.1";
  BOOST_TEST(match(node("node-a"), to).why.size() == 3U);
  BOOST_TEST(!match(node("node-a"), to).fits);
}

BOOST_AUTO_TEST_CASE(the_oldest_criu_that_reads_is_the_writer_s_own_or_the_oldest_of_all) {
  BOOST_TEST((least_criu({4, 10, 1}) == Version{4, 10, 1}));
  BOOST_TEST((least_criu({}) == kOldestCriu));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
