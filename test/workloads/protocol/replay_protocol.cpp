#include "test/workloads/protocol/replay_protocol.h"

#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

namespace orders {

std::string control_queue_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return std::string("ms2m.control.") + name.data();
}

ReplayProtocol::Change ReplayProtocol::on_control_message(std::string_view body) {
  const auto message = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!message.is_object()) return Change::none;
  const auto type = message.find("type");
  if (type == message.end()) return Change::none;

  if (*type == "START_REPLAY") {
    const auto payload = message.find("payload");
    if (payload == message.end() || !payload->is_object()) return Change::none;
    const auto queue = payload->find("queue");
    if (queue == payload->end() || !queue->is_string() || queue->get<std::string>().empty()) return Change::none;
    const bool already_there = replaying() && !ending_ && queue->get<std::string>() == *replay_queue_;
    if (already_there) return Change::none;
    replay_queue_ = queue->get<std::string>();
    ending_ = false;
    return Change::start_replay;
  }
  if (*type == "END_REPLAY" && replaying() && !ending_) {
    ending_ = true;
    return Change::end_replay;
  }
  return Change::none;
}

void ReplayProtocol::replay_finished() {
  if (!ending_) return;  // told to start again meanwhile
  ended_queue_ = *replay_queue_;
  replay_queue_.reset();
  ending_ = false;
}

void ReplayProtocol::queue_is_gone() {
  if (replaying() && *replay_queue_ == ended_queue_) ending_ = true;
  replay_finished();
}

}  // namespace orders
