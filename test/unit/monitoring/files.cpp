#include "test/unit/monitoring/files.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "shared/kube/document.h"
#include "test/temporary_folder.h"

namespace migrate::monitoring {

std::filesystem::path in_source(const std::string& file) {
  const char* folder = std::getenv("MIGRATE_SOURCE");
  BOOST_REQUIRE_MESSAGE(folder != nullptr, "MIGRATE_SOURCE is not set: run by ctest");
  return std::filesystem::path{folder} / file;
}

std::string text_of(const std::string& file) {
  BOOST_REQUIRE_MESSAGE(test::is_there(in_source(file)), file << " is not there");
  return test::read_text(in_source(file));
}

std::vector<Json> documents_in(const std::string& file) {
  static const std::string kEnd = "\n---\n";
  std::vector<Json> all;
  std::string rest = text_of(file);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(kEnd), rest.size());
    auto document = kube::parse_document(rest.substr(0, end) + "\n");
    BOOST_REQUIRE_MESSAGE(document, file << ": " << (document ? "" : document.error().message));
    all.push_back(std::move(*document));
    rest.erase(0, end + kEnd.size());
  }
  return all;
}

Json document_in(const std::string& file) {
  std::vector<Json> all = documents_in(file);
  BOOST_REQUIRE_MESSAGE(all.size() == 1, file << " is not one document");
  return all.front();
}

}  // namespace migrate::monitoring
