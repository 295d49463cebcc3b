#include "node/agent/target_record.h"

#include <nlohmann/json.hpp>

namespace migrate::agent {

using Json = nlohmann::json;

std::string to_text(const StoredTarget& stored) {
  Json json = {{"name", stored.name}, {"pods", stored.pods}, {"bootId", stored.boot_id}, {"archives", Json::array()}};
  for (const Archive& archive : stored.archives)
    json["archives"].push_back({{"name", archive.name}, {"size", archive.size.count}, {"digest", archive.digest}});
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<StoredTarget> parse_target(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    StoredTarget stored{json.at("name").get<std::string>(),
                        json.at("pods").get<std::vector<std::string>>(),
                        {},
                        json.at("bootId").get<std::string>()};
    for (const Json& archive : json.at("archives"))
      stored.archives.push_back({archive.at("name").get<std::string>(), Bytes{archive.at("size").get<std::uint64_t>()},
                                 archive.at("digest").get<std::string>()});
    return stored;
  } catch (const Json::exception& error) {  // a missing field, a wrong type, no JSON at all
    return failure(error.what());
  }
}

}  // namespace migrate::agent
