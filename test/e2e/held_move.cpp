#include "test/e2e/held_move.h"

#include <fmt/format.h>

namespace harness {

using Json = nlohmann::json;
using namespace std::chrono_literals;

HeldMove::HeldMove(Scene& scene, const Door& door, std::string name)
    : scene_(scene),
      name_(std::move(name)),
      gate_(scene.cluster(), scene.stage().ns().name(), door.phase, door.in_return ? name_ + "-name-1" : name_,
            PhaseGate::Holds::until_opened) {
  if (std::string{door.strategy} == "live") shadows_ = scene_.follow_shadows();
  const Stage& stage = scene_.stage();
  const auto begun = stage.plugin(
      {scene_.consumer(), "--to", scene_.other_node(), "--strategy", door.strategy, "--name", name_, "--no-wait"});
  stage.require(begun.succeeded(), text_of(begun), name_);
  stage.await(fmt::format("the move to come to the door of {}", door.phase), name_, [&] { return gate_.is_reached(); });
}

Json HeldMove::let_go() {
  gate_.open();
  Json ended = scene_.stage().await_end(name_, 300s);
  shadows_ = {};
  return ended;
}

void HeldMove::let_succeed() {
  const Json ended = let_go();
  const Stage& stage = scene_.stage();
  stage.require(ended.at("status").at("phase") == "Succeeded", "it has not succeeded", name_);
  scene_.follow(ended);
  stage.check_nothing_left(name_);
  if (ended.at("status").at("strategy") == "Live") stage.check_nothing_left(name_ + "-name-1");
  scene_.wait_for_more(20);
}

}  // namespace harness
