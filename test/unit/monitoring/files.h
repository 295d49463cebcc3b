// The project's own files, as the tests of manifests/monitoring read them.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace migrate::monitoring {

using Json = nlohmann::json;

// `file` from the project's root on; each fails the test where the file is not there or cannot be read.
[[nodiscard]] std::filesystem::path in_source(const std::string& file);
[[nodiscard]] std::string text_of(const std::string& file);
// YAML's documents, or JSON.
[[nodiscard]] std::vector<Json> documents_in(const std::string& file);
[[nodiscard]] Json document_in(const std::string& file);

}  // namespace migrate::monitoring
