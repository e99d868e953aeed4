// The layout of a model is that of a slot in publish_ring.h.
#include "tools/perf/scenario/message_maker.h"

#include "tools/perf/client/methods.h"

namespace lepus::perf {

MessageMaker::MessageMaker(const Config& config)
    : targets_(config.targets),
      size_count_(config.plan->sizes.size()),
      is_by_target_(!config.targets.front().header_value.empty()) {
  for (const Target& target : targets_) {
    for (const uint64_t size : config.plan->sizes)
      models_.push_back(make_model(config, target, size));
    if (!is_by_target_) break;  // Keys are patched: all have the same length.
  }
}

MessageMaker::Model MessageMaker::make_model(const Config& config, const Target& target,
                                             uint64_t body_size) {
  Bytes properties;
  Writer to(properties);
  Publish publish;
  if (!target.header_value.empty()) {
    publish.flags |= property_headers;
    const size_t table = to.begin_table();
    to.field_string("queue", target.header_value);
    to.end_table(table);
  }
  if (config.plan->is_persistent) {
    publish.flags |= property_delivery_mode;
    to.u8(2);
  }
  publish.exchange = config.exchange;
  publish.key = target.key;
  publish.mandatory = config.plan->is_mandatory;
  publish.properties = {reinterpret_cast<const char*>(properties.data()), properties.size()};
  publish.body_size = body_size;
  publish.frame_size_max = config.frame_size_max;
  Model model;
  write_publish(model.bytes, publish);
  model.key_offset = frame_head_size + 4 + 2 + 1 + publish.exchange.size() + 1;
  const size_t method_frame_size = model.key_offset + publish.key.size() + 1 + 1;
  const size_t body_offset =
      method_frame_size + frame_head_size + 14 + properties.size() + 1 + frame_head_size;
  model.stamp_offset = body_size >= sizeof(uint64_t) ? body_offset : 0;
  return model;
}

void MessageMaker::append(Bytes& out, uint64_t time_ns) {
  const size_t first = is_by_target_ ? next_target_ * size_count_ : 0;
  const Model& model = models_[first + next_size_];
  const size_t start = out.size();
  out.insert(out.end(), model.bytes.begin(), model.bytes.end());
  const std::string& key = targets_[next_target_].key;
  if (!is_by_target_) std::memcpy(&out[start + model.key_offset], key.data(), key.size());
  if (model.stamp_offset > 0)
    std::memcpy(&out[start + model.stamp_offset], &time_ns, sizeof time_ns);
  // Sizes change with each message, targets too: all pairs occur when the counts share no factor.
  if (++next_size_ == size_count_) next_size_ = 0;
  if (++next_target_ == targets_.size()) next_target_ = 0;
}

}  // namespace lepus::perf
