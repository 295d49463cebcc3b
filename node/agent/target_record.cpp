#include "node/agent/target_record.h"

#include <nlohmann/json.hpp>

namespace migrate::agent {

using Json = nlohmann::json;

namespace {

Json to_json(const StoredOffer& offer) {
  Json images = Json::array();
  for (const StoredOffer::Image& one : offer.images)
    images.push_back({{"container", one.container},
                      {"layer", one.layer},
                      {"id", one.id},
                      {"manifest", one.manifest},
                      {"size", one.size.count},
                      {"cold", one.cold}});
  return {{"repository", offer.repository}, {"password", offer.password}, {"hostName", offer.host_name},
          {"asked", offer.asked},           {"closed", offer.closed},     {"external", offer.is_external},
          {"images", std::move(images)},    {"pods", offer.pods}};
}

StoredOffer offer_of(const Json& json) {
  StoredOffer offer;
  offer.repository = json.at("repository").get<std::string>();
  offer.password = json.at("password").get<std::string>();
  offer.host_name = json.at("hostName").get<std::string>();
  offer.asked = json.at("asked").get<bool>();
  offer.closed = json.at("closed").get<bool>();
  offer.is_external = json.value("external", false);
  offer.pods = json.at("pods").get<std::vector<std::string>>();
  for (const Json& one : json.at("images"))
    offer.images.push_back({one.at("container").get<std::string>(), one.at("layer").get<std::string>(),
                            one.at("id").get<std::string>(), one.at("manifest").get<std::string>(),
                            Bytes{one.at("size").get<std::uint64_t>()}, one.at("cold").get<bool>()});
  return offer;
}

}  // namespace

std::string to_text(const StoredTarget& stored) {
  Json json = {{"name", stored.name}, {"pods", stored.pods}, {"bootId", stored.boot_id}, {"archives", Json::array()}};
  for (const Archive& archive : stored.archives)
    json["archives"].push_back({{"name", archive.name}, {"size", archive.size.count}, {"digest", archive.digest}});
  if (stored.offer) json["offer"] = to_json(*stored.offer);
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
    if (const auto offer = json.find("offer"); offer != json.end()) stored.offer = offer_of(*offer);
    return stored;
  } catch (const Json::exception& error) {  // a missing field, a wrong type, no JSON at all
    return failure(error.what());
  }
}

}  // namespace migrate::agent
