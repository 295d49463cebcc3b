// docs/troubleshooting.md against what sends its readers there: the plugin's hints, and the controller's reasons.
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "plugin/hints.h"

namespace migrate::plugin {
namespace {

using Names = std::set<std::string>;

std::filesystem::path source() {
  const char* folder = std::getenv("MIGRATE_SOURCE");
  BOOST_REQUIRE_MESSAGE(folder != nullptr, "MIGRATE_SOURCE is not set: run by ctest");
  return folder;
}

std::string read(const std::filesystem::path& file) {
  std::ifstream stream{file};
  BOOST_REQUIRE_MESSAGE(stream, file.string());
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::string document() {
  return read(source() / "docs/troubleshooting.md");
}

Names found(const std::string& text, const char* pattern) {
  Names names;
  const std::regex expression{pattern};
  for (std::sregex_iterator one{text.begin(), text.end(), expression}, end; one != end; ++one)
    for (std::size_t i = 1; i < one->size(); ++i)
      if ((*one)[i].matched) names.insert((*one)[i].str());
  return names;
}

// As GitHub makes it of a heading.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0) anchor += static_cast<char>(std::tolower(letter));
    if (c == ' ' || c == '-') anchor += '-';
  }
  return anchor;
}

Names anchors() {
  Names all = found(document(), R"re(<a id="([^"]+)"></a>)re");
  std::istringstream lines{document()};
  bool is_code = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) is_code = !is_code;
    if (is_code || !line.starts_with("#")) continue;
    const std::string anchor = anchor_of(line.substr(line.find_first_not_of("# ")));
    BOOST_TEST(all.insert(anchor).second, "two sections are called " << anchor);
  }
  return all;
}

// All that the controller's sources say, one below the other.
std::string sources() {
  std::string text;
  for (const char* folder : {"extender/controller", "shared/messages"})
    for (const auto& file : std::filesystem::directory_iterator{source() / folder})
      if (file.path().extension() == ".cpp") text += read(file.path());
  return text;
}

// What a refusal is made with.
Names refusal_reasons() {
  const std::string text = sources();
  Names all = found(text, R"re((?:\badd\(|\bagainst\(|push_back\(\{|Refusal\{|return \{)\s*"([A-Z]\w+)")re");
  all.merge(found(text, R"re(Event::refused,\s*"([A-Z]\w+)")re"));
  all.merge(found(text, R"re(\{\s*"([A-Z]\w+)",\s*fmt::format)re"));
  all.merge(found(text, R"re(\{[\w.]+ \? "([A-Z]\w+)" : "([A-Z]\w+)")re"));
  // Refused with by several of them.
  all.merge(found(read(source() / "extender/controller/broker_rights.h"), R"re(kBrokerRights = "([A-Z]\w+)")re"));
  return all;
}

// What else may end a migration, and, of looks that are made before it begins, refuse it.
Names other_reasons() {
  const std::string text = sources();
  Names all = found(text, R"re(Event::(?:failed|deadline|unsure|never_ran),\s*"([A-Z]\w+)")re");
  all.merge(found(text, R"re("([A-Z]\w+)",\s*[\w.]*(?:limits|patience)\b)re"));
  all.merge(found(text, R"re(kReason = "([A-Z]\w+)")re"));
  return all;
}

void check_all(const Names& wanted, const Names& there) {
  for (const std::string& one : wanted)
    BOOST_TEST(there.contains(one), one << " is not in docs/troubleshooting.md");
}

Names sections_of(const Names& reasons) {
  Names anchors;
  for (const std::string& reason : reasons)
    anchors.insert(hint(reason).substr(hint(reason).find('#') + 1));
  return anchors;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(troubleshooting)

BOOST_AUTO_TEST_CASE(every_topic_has_its_section) {
  const Names topics{topic_anchors().begin(), topic_anchors().end()};
  BOOST_TEST(topics.size() == topic_anchors().size());
  check_all(topics, anchors());
  BOOST_TEST(hint(Topic::no_answer) == "docs/troubleshooting.md#no-answer");
}

BOOST_AUTO_TEST_CASE(every_reason_that_the_plugin_names_has_its_section) {
  Names named;
  for (const auto& file : std::filesystem::directory_iterator{source() / "plugin"})
    if (file.path().extension() == ".cpp") named.merge(found(read(file.path()), R"re(hint\("([A-Z]\w+)"\))re"));
  BOOST_TEST(named.contains("NoHandler"));
  check_all(sections_of(named), anchors());
}

BOOST_AUTO_TEST_CASE(every_refusal_has_its_section) {
  const Names reasons = refusal_reasons();
  // One of each way in which they are written.
  for (const char* one : {"NoHandler", "HostPath", "SetRollingOut", "Stream", "BrokerRights", "NoQueue", "AntiAffinity",
                          "DeliveryLimit", "NoRoomToReturn", "MirrorTtl"})
    BOOST_TEST(reasons.contains(one), one);
  check_all(sections_of(reasons), anchors());
}

BOOST_AUTO_TEST_CASE(every_other_reason_is_named) {
  const Names reasons = other_reasons();
  for (const char* one : {"InspectFailed", "BrokerSecret", "RegistrySecret", "AgentUnreachable", "TransferFailed"})
    BOOST_TEST(reasons.contains(one), one);
  Names named = found(document(), R"re(`([A-Z]\w+)`)re");
  named.merge(found(document(), R"re(\n### (\w+)\n)re"));
  check_all(reasons, named);
}

BOOST_AUTO_TEST_CASE(its_own_links_lead_somewhere) {
  const Names there = anchors();
  for (const std::string& link : found(document(), R"re(\]\(#([^)]+)\))re"))
    BOOST_TEST(there.contains(link), link);
  for (const std::string& link : found(document(), R"re(\]\(([a-z-]+\.md))re"))
    BOOST_TEST(std::filesystem::exists(source() / "docs" / link), link);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
