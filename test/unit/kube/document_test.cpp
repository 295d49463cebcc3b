#include "shared/kube/document.h"

#include <fmt/format.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "shared/kube/field.h"

namespace {

namespace data = boost::unit_test::data;
using Json = nlohmann::json;
using migrate::kube::Field;
using migrate::kube::FirstProblem;
using migrate::kube::parse_document;

struct Case {
  std::string name;
  std::string text;
  std::string json;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }
};

const std::vector<Case> kCases = {
    {"nothing", "", "null"},
    {"only a comment", "# nothing\n---\n", "null"},
    {"plain scalars have types", "{a: true, b: 1, c: -2.5, d: ~, e: word, f: 1e3}",
     R"({"a":true,"b":1,"c":-2.5,"d":null,"e":"word","f":1000.0})"},
    {"quoted scalars are texts", R"({a: "true", b: '1', c: "~", d: ""})", R"({"a":"true","b":"1","c":"~","d":""})"},
    {"a tagged scalar is what its tag says", "a: !!str 12", R"({"a":"12"})"},
    {"the booleans of YAML 1.1", "{a: yes, b: No, c: on, d: OFF}", R"({"a":true,"b":false,"c":true,"d":false})"},
    {"words that from_chars takes for numbers", "{a: nan, b: infinity, c: inf}",
     R"({"a":"nan","b":"infinity","c":"inf"})"},
    {"words that begin as numbers", "{a: 10.96.0.1, b: 1.2.3, c: 12ab}", R"({"a":"10.96.0.1","b":"1.2.3","c":"12ab"})"},
    {"a block text", "a: |\n  one\n  two\n", R"({"a":"one\ntwo\n"})"},
    {"a key without a value", "a:\nb: x", R"({"a":null,"b":"x"})"},
    {"keys are texts", "{1: a, true: b}", R"({"1":"a","true":"b"})"},
    {"an alias is a copy", "a: &x [1, 2]\nb: *x", R"({"a":[1,2],"b":[1,2]})"},
    {"a merge key fills in what is missing", "base: &x {a: 1, b: 2}\nc: {<<: *x, b: 3}",
     R"({"base":{"a":1,"b":2},"c":{"a":1,"b":3}})"},
    {"of several merged mappings the first wins", "c: {<<: [{a: 1}, {a: 2, b: 2}]}", R"({"c":{"a":1,"b":2}})"},
    {"a quoted << is a key like any other", "{'<<': {a: 1}}", R"({"<<":{"a":1}})"},
    {"the first of several documents", "a: 1\n---\na: 2\n", R"({"a":1})"},
    {"JSON", R"( {"a": [1, true, null, "x\/y", "\ud83d\ude00"]})", R"({"a":[1,true,null,"x/y","😀"]})"},
    {"JSON indented with tabs", "{\n\t\"a\": {\n\t\t\"b\": \"c\"\n\t}\n}", R"({"a":{"b":"c"}})"},
    {"a byte order mark",
     "\xef\xbb\xbf"
     "a: b",
     R"({"a":"b"})"},
};

struct Broken {
  std::string name;
  std::string text;
  std::string error;
  friend std::ostream& operator<<(std::ostream& out, const Broken& c) { return out << c.name; }
};

const std::vector<Broken> kBroken = {
    {"a key twice", "a: 1\nb: 2\na: 3\n", "line 3: the key \"a\" stands twice"},
    {"a key twice below", "x:\n  - a: 1\n    a: 1\n", "line 3: the key \"a\" stands twice"},
    {"a key twice in JSON", R"({"x": {"a": 1, "b": {"a": 1}, "a": 2}})", "the key \"a\" stands twice"},
    {"no YAML", "a: [1\nb: }", "line 2: not YAML: end of sequence flow not found"},
    {"an unknown alias", "a: *nobody", "line 1: not YAML: the referenced anchor is not defined"},
    {"an alias that contains itself", "a: &x [*x]", "line 1: nested too deeply, or an alias that contains itself"},
    {"a list as a key", "? [1, 2]\n: 3\n", "line 1: a key that is not a text"},
    {"a merge of a text", "a: {<<: text}", "line 1: \"<<\" takes a mapping or a list of mappings"},
};

// Each level doubles: 2^40 nodes from 40 lines.
std::string bomb() {
  std::string text = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i)
    text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}]\n", i, i - 1);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(document)

BOOST_DATA_TEST_CASE(is_read_as_kubernetes_reads_it, data::make(kCases), c) {
  const auto document = parse_document(c.text);
  BOOST_TEST_REQUIRE(document.has_value(), (document ? "" : document.error().message));
  BOOST_TEST(document->dump() == Json::parse(c.json).dump());
}

BOOST_DATA_TEST_CASE(what_is_wrong_is_told_with_its_line, data::make(kBroken), c) {
  const auto document = parse_document(c.text);
  BOOST_TEST_REQUIRE(!document);
  BOOST_TEST(document.error().message == c.error);
}

BOOST_AUTO_TEST_CASE(aliases_cannot_multiply_without_end) {
  BOOST_TEST(!parse_document(bomb()));
}

BOOST_AUTO_TEST_CASE(fields_say_where_the_first_problem_is) {
  const Json json = Json::parse(R"({"list": [{"a": "x"}, {"a": 7}], "flag": "true", "map": {"k": [1]}, "text": "%"})");
  const auto problem_of = [&](const auto& read) {
    FirstProblem problem;
    read(Field{json, problem});
    return problem.error() ? problem.error()->message : "";
  };
  BOOST_TEST(problem_of([](const Field& f) { (void)f["list"].items()[0]["a"].text(); }).empty());
  BOOST_TEST(problem_of([](const Field& f) { (void)f["list"].items()[1]["a"].text(); }) ==
             "list[1].a: a number where a text belongs: put it in quotes");
  BOOST_TEST(problem_of([](const Field& f) { (void)f["flag"].flag(); }) == "flag: a text where true or false belongs");
  BOOST_TEST(problem_of([](const Field& f) { (void)f["map"].items(); }) == "map: a mapping where a list belongs");
  BOOST_TEST(problem_of([](const Field& f) { (void)f["list"].entries(); }) == "list: a list where a mapping belongs");
  BOOST_TEST(problem_of([](const Field& f) { (void)f["flag"]["x"].text(); }) == "flag: a text where a mapping belongs");
  BOOST_TEST(problem_of([](const Field& f) { (void)f["map"].text(); }) == "map: a mapping where a text belongs");
  BOOST_TEST(problem_of([](const Field& f) { (void)f["list"].items()[1]["a"].number(); }).empty());
  BOOST_TEST(problem_of([](const Field& f) { (void)f["absent"].number(); }).empty());
  BOOST_TEST(problem_of([](const Field& f) { (void)f["text"].number(); }) == "text: a text where a number belongs");
  BOOST_TEST(problem_of([](const Field& f) { (void)f["text"].base64(); }) ==
             "text: not base64: a character that does not belong there");
  BOOST_TEST(problem_of([](const Field& f) {
               (void)f["list"].text();
               (void)f["map"].text();
             }) == "list: a list where a text belongs");
}

BOOST_AUTO_TEST_CASE(absent_fields_read_as_empty) {
  const Json json = Json::parse(R"({"null": null})");
  FirstProblem problem;
  const Field root{json, problem};
  for (const char* key : {"null", "missing"}) {
    BOOST_TEST(!root[key].is_present());
    BOOST_TEST(root[key].text().empty());
    BOOST_TEST(root[key].base64().empty());
    BOOST_TEST(root[key].json().empty());
    BOOST_TEST(!root[key].flag());
    BOOST_TEST(root[key].items().empty());
    BOOST_TEST(root[key].entries().empty());
    BOOST_TEST(!root[key]["below"]["that"].is_present());
  }
  BOOST_TEST(!problem.error().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
