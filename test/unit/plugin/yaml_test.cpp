#include "plugin/yaml.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "shared/kube/document.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(yaml)

BOOST_AUTO_TEST_CASE(objects_are_written_in_blocks) {
  const nlohmann::json object = {{"metadata", {{"name", "x"}, {"labels", nlohmann::json::object()}}},
                                 {"list", {"a", {{"b", 1}, {"c", {2, 3}}}, {"d", "e"}}}};
  BOOST_TEST(to_yaml(object) ==
             "list:\n- a\n- b: 1\n  c:\n  - 2\n  - 3\n- - d\n  - e\n"
             "metadata:\n  labels: {}\n  name: x\n");
  BOOST_TEST(to_yaml(nullptr) == "null\n");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_as_the_same) {
  const nlohmann::json object = {{"true", "true"},
                                 {"number", "12"},
                                 {"colon", "a: b"},
                                 {"empty", ""},
                                 {"multi", "a\nb\n"},
                                 {"hash", "a #b"},
                                 {"dash", "- a"},
                                 {"null", nullptr},
                                 {"no", "no"},
                                 {"time", "2026-01-01T00:00:00Z"},
                                 {"float", 1.5},
                                 {"flag", true},
                                 {"quote", "\"'\\"},
                                 {"tilde", "~"},
                                 {"kubectl-migrate.dev/x", "y"},
                                 {"exp", "1e3"},
                                 {"path", "/a/b"},
                                 {"umlaut", "ä"},
                                 {"esc", "\x1b["},
                                 {"list", nlohmann::json::array()},
                                 {"nested", {{{{"a", {{{"b", "c"}}}}}}}}};
  const auto read = kube::parse_document(to_yaml(object));
  BOOST_REQUIRE(read);
  BOOST_TEST(*read == object, to_yaml(object));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
