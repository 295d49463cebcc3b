// What a check tells to add, against the document that has it.
#include "plugin/handler_lines.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace migrate::plugin {
namespace {

std::string bare(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(' ');
  return begin == std::string::npos ? "" : line.substr(begin);
}

std::set<std::string> lines_of_document() {
  const char* source = std::getenv("MIGRATE_SOURCE");
  BOOST_REQUIRE_MESSAGE(source != nullptr, "MIGRATE_SOURCE is not set: run by ctest");
  std::ifstream file{std::string(source) + "/docs/install.md"};
  BOOST_REQUIRE(file);
  std::set<std::string> all;
  for (std::string line; std::getline(file, line);)
    all.insert(bare(line));
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handlers)

BOOST_AUTO_TEST_CASE(lines_to_be_copied_are_those_of_the_document) {
  const auto document = lines_of_document();
  for (const auto& [runtime, version] :
       {std::pair{"containerd", "2.3.7"}, {"containerd", "1.7.2"}, {"cri-o", "1.34.0"}}) {
    std::istringstream advice{handler_advice(runtime, version)};
    int copied = 0;
    for (std::string line; std::getline(advice, line);) {
      if (!line.starts_with("    ")) continue;
      ++copied;
      BOOST_TEST(document.contains(bare(line)), runtime << " " << version << ": " << line);
    }
    BOOST_TEST(copied >= 6, runtime << " " << version);
  }
}

BOOST_AUTO_TEST_CASE(each_runtime_has_its_own) {
  BOOST_TEST(handler_advice("containerd", "2.0.0").find("io.containerd.cri.v1.runtime") != std::string::npos);
  BOOST_TEST(handler_advice("containerd", "1.7.2").find("io.containerd.grpc.v1.cri") != std::string::npos);
  BOOST_TEST(handler_advice("cri-o", "1.34.0").find("/etc/crio/crio.conf.d") != std::string::npos);
  BOOST_TEST(handler_advice("other", "1").find("docs/install.md, \"The nodes\"") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
