// Expectations are kubectl's own (client-go's util/jsonpath), but for the order of an object's fields, which Go throws.
#include "plugin/jsonpath.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;
namespace data = boost::unit_test::data;

const Json& object() {
  static const Json made = Json::parse(R"({
    "kind": "List",
    "items": [
      {"metadata": {"name": "a", "labels": {"app": "x", "kubernetes.io/arch": "amd64"}},
       "status": {"phase": "Succeeded", "gapMs": 412, "rate": 2.5, "whole": 3.0, "ok": true,
                  "conditions": [{"type": "Ready", "status": "True"}, {"type": "Lost", "status": "False"}]}},
      {"metadata": {"name": "b", "labels": {"app": "y"}}, "status": {"phase": "Failed", "gapMs": 0, "ok": false}},
      {"metadata": {"name": "c"}, "status": {"phase": "Succeeded", "gapMs": -1, "message": "1 < 2 & 3", "none": null}}
    ]})");
  return made;
}

struct Row {
  std::string text;
  std::string prints;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.text;
}

const std::vector<Row> kGood = {
    {"", ""},
    {"plain", "plain"},
    {"{.kind}", "List"},
    {"kind={.kind}.", "kind=List."},
    {"{$.kind}", "List"},
    {"{@.kind}", "List"},
    {"{ .kind }", "List"},
    {"{.items[0].metadata.name}", "a"},
    {"{.items[0]['metadata']['name']}", "a"},
    {"{.items[0]['metadata.name']}", "a"},  // a dot in quotes is a dot all the same
    {R"({.items[0].metadata.labels.kubernetes\.io/arch})", "amd64"},
    {R"({.items[0].metadata.labels['kubernetes\.io/arch']})", "amd64"},
    {"{.items[-1].metadata.name}", "c"},
    {"{.items[-2].metadata.name}", "b"},
    {"{.items[-1:].metadata.name}", "c"},
    {"{.items[*].metadata.name}", "a b c"},
    {"{.items[:].metadata.name}", "a b c"},
    {"{.items[0:2].metadata.name}", "a b"},
    {"{.items[1:].metadata.name}", "b c"},
    {"{.items[:1].metadata.name}", "a"},
    {"{.items[::2].metadata.name}", "a c"},
    {"{.items[0,2].metadata.name}", "a c"},
    {"{.items[0]['kind', 'metadata'].name}", "a"},
    {"{.items[1:1].metadata.name}", ""},
    {"{.items[*].status.gapMs}", "412 0 -1"},
    {"{.items[0].status.rate}", "2.5"},
    {"{.items[0].status.whole}", "3"},
    {"{.items[*].status.ok}", "true false"},
    {"{.items[2].status.none}", "null"},
    {"{.items[*].metadata.labels.app}", "x y"},
    {"{.items[1].metadata}", R"({"labels":{"app":"y"},"name":"b"})"},
    {"{.items[0].status.conditions[*]}", R"({"status":"True","type":"Ready"} {"status":"False","type":"Lost"})"},
    {"{.items[2].status.message}", "1 < 2 & 3"},
    {"{.items[2].status}", R"({"gapMs":-1,"message":"1 \u003c 2 \u0026 3","none":null,"phase":"Succeeded"})"},
    {"{.items[1].metadata.*}", R"({"app":"y"} b)"},
    {"{..app}", "x y"},
    {"{.items[0].status.conditions..type}", "Ready Lost"},
    // what is not there prints nothing
    {"{.nothing}", ""},
    {"{.nothing[0].x}", ""},
    {"{.items[*].nothing}", ""},
    {"{.kind.nothing}", ""},
    {"{.items[2].metadata.labels.app}", ""},
    // filters
    {R"({.items[?(@.status.phase=="Succeeded")].metadata.name})", "a c"},
    {"{.items[?(@.status.phase=='Failed')].metadata.name}", "b"},
    {R"({.items[?(@.status.phase!="Failed")].metadata.name})", "a c"},
    {"{.items[?(@.status.gapMs>0)].metadata.name}", "a"},
    {"{.items[?(@.status.gapMs>=0)].metadata.name}", "a b"},
    {"{.items[?(@.status.gapMs<0)].metadata.name}", "c"},
    {"{.items[?(@.status.gapMs <= -1)].metadata.name}", "c"},
    {"{.items[?(@.status.rate==2.5)].metadata.name}", "a"},
    {"{.items[?(@.status.ok==true)].metadata.name}", "a"},
    {"{.items[?(@.metadata.labels)].metadata.name}", "a b"},
    {"{.items[?(@.status.conditions[0].status==\"True\")].metadata.name}", "a"},
    {R"({.items[0].status.conditions[?(@.type=="Ready")].status})", "True"},
    {R"({.items[?(@.status.phase=="a)b")].metadata.name})", ""},
    {R"({.items[?(@.metadata.name==@.metadata.name)].metadata.name})", "a b c"},
    // ranges and texts
    {R"({range .items[*]}{.metadata.name}{"\n"}{end})", "a\nb\nc\n"},
    {R"({range .items[*]}{.metadata.name}{'\t'}{.status.gapMs};{end}end)", "a\t412;b\t0;c\t-1;end"},
    {R"({range .items[0:2]}{.metadata.name}:{range .status.conditions[*]}{.type},{end} {end}{.kind})",
     "a:Ready,Lost, b: List"},
    {R"({range .nothing[*]}x{end}y)", "y"},
    {R"({range .items[0].metadata.labels.app}<{@}>{end})", "<x>"},
    {R"({"say \"hi\""})", R"(say "hi")"},
    {"{'a'}{\"b\"}", "ab"},
};

struct Wrong {
  std::string text;
  std::string says;
};
std::ostream& operator<<(std::ostream& out, const Wrong& row) {
  return out << row.text;
}

const std::vector<Wrong> kWrong = {
    {"{.a", "unclosed action"},
    {"{.a\n}", "unclosed action"},
    {"{|}", "unrecognized character in action: U+007C '|'"},
    {"{.a[0}", "unterminated array"},
    {"{.a[x]}", "invalid array index x"},
    {R"({.a["x"]})", R"(invalid array index "x")"},
    {"{.a[1:2:3:4]}", "invalid array index 1:2:3:4"},
    {"{.a[-]}", "array index - is not a number"},
    {"{.a[?(@.b==1)}", "unclosed array expect ]"},
    {"{.a[?(@.b==1]}", "unterminated filter"},
    {"{.a[?(@.b==)]}", "unrecognized character in action: U+003D '='"},
    {"{..\"x\"}{....}", "invalid multiple recursive descent"},
    {R"({"x})", "unterminated quoted string"},
    {R"({"\q"})", R"(unquote string "\q" error invalid syntax)"},
    {"{1.2.3}", "cannot parse number 1.2.3"},
    {"{end}", "not in range, nothing to end"},
    {"{range .a}{end}{end}", "not in range, nothing to end"},
    {"{foo}", "unrecognized identifier foo"},
};

const std::vector<Wrong> kUnfit = {
    {"{.items[3]}", "array index out of bounds: index 3, length 3"},
    {"{.items[0:5]}", "array index out of bounds: index 4, length 3"},
    {"{.items[-4]}", "array index out of bounds: index -1, length 3"},
    {"{.items[2:1]}", "starting index 2 is greater than ending index 1"},
    {"{.items[0:2:-1]}", "step must be > 0"},
    {"{.kind[0]}", "string is not array or slice"},
    {"{.items[0].metadata[0]}", "map[string]interface {} is not array or slice"},
    {R"({.kind[?(@.a=="b")]})", "List is not array or slice and cannot be filtered"},
    {R"({.items[?(@.status.gapMs=="0")]})", "incompatible types for comparison"},
    {"{.items[?(@.status.ok>true)]}", "invalid type for comparison"},
    {"{.items[?(@.status==1)]}", "invalid type for comparison"},
    {"{.items[?(@.status.gapMs=>1)]}", "unrecognized filter operator =>"},
    {R"({.items[?(@.status.conditions[*].type=="Ready")]})", "can only compare one element at a time"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(jsonpaths)

BOOST_DATA_TEST_CASE(templates_print_what_kubectl_prints, data::make(kGood), row) {
  BOOST_TEST(check_jsonpath(row.text).has_value());
  const auto printed = apply_jsonpath(row.text, object());
  BOOST_REQUIRE_MESSAGE(printed, (printed ? "" : printed.error().message));
  BOOST_TEST(*printed == row.prints);
}

BOOST_DATA_TEST_CASE(a_template_that_is_none_is_refused_before_anything_is_asked, data::make(kWrong), row) {
  const auto good = check_jsonpath(row.text);
  BOOST_REQUIRE(!good);
  BOOST_TEST(good.error().message == row.says);
}

BOOST_DATA_TEST_CASE(one_that_does_not_fit_the_object_says_why_and_shows_both, data::make(kUnfit), row) {
  BOOST_TEST(check_jsonpath(row.text).has_value());
  const auto printed = apply_jsonpath(row.text, object());
  BOOST_REQUIRE(!printed);
  const std::string& message = printed.error().message;
  BOOST_TEST(message.starts_with("error executing jsonpath \""), message);
  BOOST_TEST(message.find("Error executing template: " + row.says + ". Printing more information") != std::string::npos,
             message);
  BOOST_TEST(message.find("template was:\n\t\t" + row.text + "\n") != std::string::npos, message);
  BOOST_TEST(message.find("\"kind\":\"List\"") != std::string::npos, message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
