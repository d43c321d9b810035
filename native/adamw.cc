// The kernel of `KdAdamW`: one update of one parameter (see src/distill/adamw.ts) in one pass over memory.
#include "adamw.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include "cpu_levels.h"
#include "kernels.h"
#include "lanes.h"
#include "worker_pool.h"
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace kd {
namespace {

/** Values that are computed together, in the first-level cache. */
constexpr int64_t kBlock = 512;

/** What is the same for all values of a parameter. */
struct Scalars {
  float factor, stepSize, correction, decay;
  float keptFirst, takenFirst, keptSecond, takenSecond, epsilon;
};

struct Block {
  float parameter[kBlock], first[kBlock], second[kBlock], gradient[kBlock];
};

/** Updates the values of a block, in place. */
KD_ALL_CPUS void update(Block* block, const Scalars& s, bool decaysFirst) {
  float *const p = block->parameter, *const m = block->first, *const v = block->second, *const g = block->gradient;
  for (int64_t i = 0; i < kBlock; i++) {
    const float gradient = g[i] * s.factor;
    m[i] = m[i] * s.keptFirst + gradient * s.takenFirst;
    v[i] = v[i] * s.keptSecond + gradient * gradient * s.takenSecond;
    const float change = m[i] / (std::sqrt(v[i]) / s.correction + s.epsilon) * s.stepSize;
    const float before = p[i], decayed = decaysFirst ? before - before * s.decay : before - change;
    p[i] = decaysFirst ? decayed - change : decayed - decayed * s.decay;
  }
}

float* floatsOf(const TF_Tensor* tensor) { return static_cast<float*>(TF_TensorData(tensor)); }

void copy(float* to, const float* from, int64_t count) {
  std::memcpy(to, from, static_cast<size_t>(count) * sizeof *to);
}

/** Writes values past the caches: they are read again in the next step. */
void stream(float* to, const float* from, int64_t count) {
#if defined(__SSE__)
  if (count == kBlock && reinterpret_cast<uintptr_t>(to) % 16 == 0) {
    for (int64_t i = 0; i < kBlock; i += 4) _mm_stream_ps(to + i, _mm_loadu_ps(from + i));
    return;
  }
#endif
  copy(to, from, count);
}

float attributeOf(TF_OpKernelConstruction* construction, const char* name) {
  Status status;
  float value = 0;
  TF_OpKernelConstruction_GetAttrFloat(construction, name, &value, status.get());
  status.check();
  return value;
}

class AdamW {
 public:
  explicit AdamW(TF_OpKernelConstruction* construction) {
    Status status;
    TF_OpKernelConstruction_GetAttrType(construction, "Tgradient", &gradientType_, status.get());
    status.check();
    unsigned char decaysFirst = 0;
    TF_OpKernelConstruction_GetAttrBool(construction, "decays_first", &decaysFirst, status.get());
    status.check();
    decaysFirst_ = decaysFirst != 0;
    attributes_.keptFirst = attributeOf(construction, "kept_first");
    attributes_.takenFirst = attributeOf(construction, "taken_first");
    attributes_.keptSecond = attributeOf(construction, "kept_second");
    attributes_.takenSecond = attributeOf(construction, "taken_second");
    attributes_.epsilon = attributeOf(construction, "epsilon");
  }

  void compute(TF_OpKernelContext* context) const {
    const Tensor parameter = inputOf(context, 0);
    const int64_t count = TF_TensorElementCount(parameter.get());
    std::vector<int64_t> shape;
    for (int i = 0; i < TF_NumDims(parameter.get()); i++) shape.push_back(TF_Dim(parameter.get(), i));
    const Tensor first = inputOf(context, 1, TF_FLOAT, count), second = inputOf(context, 2, TF_FLOAT, count),
                 gradient = inputOf(context, 3, gradientType_, count);
    Scalars scalars = attributes_;
    int index = 4;
    for (float* scalar : {&scalars.factor, &scalars.stepSize, &scalars.correction, &scalars.decay})
      *scalar = *static_cast<const float*>(TF_TensorData(inputOf(context, index++, TF_FLOAT, 1).get()));
    const bool applies = *static_cast<const bool*>(TF_TensorData(inputOf(context, index, TF_BOOL, 1).get()));
    const TF_Tensor* const before[] = {parameter.get(), first.get(), second.get()};
    std::vector<Tensor> after;
    for (int i = 0; i < 3; i++) after.push_back(outputOf(context, i, TF_FLOAT, shape));

    WorkerPool::shared().run(count, kValuesOfPart, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i += kBlock)
        computeBlock(before, gradient.get(), after, scalars, applies, i, std::min(kBlock, end - i));
#if defined(__SSE__)
      _mm_sfence();
#endif
    });
  }

 private:
  void computeBlock(const TF_Tensor* const before[3], const TF_Tensor* gradient, const std::vector<Tensor>& after,
                    const Scalars& scalars, bool applies, int64_t from, int64_t count) const {
    Block block{};
    float* const values[] = {block.parameter, block.first, block.second};
    for (int k = 0; k < 3; k++) copy(values[k], floatsOf(before[k]) + from, count);
    if (applies) {
      if (gradientType_ == TF_FLOAT) copy(block.gradient, floatsOf(gradient) + from, count);
      else
        fromBfloat16(block.gradient, static_cast<const uint16_t*>(TF_TensorData(gradient)) + from,
                     static_cast<size_t>(count));
      update(&block, scalars, decaysFirst_);
    }
    for (int k = 0; k < 3; k++) stream(floatsOf(after[k].get()) + from, values[k], count);
  }

  TF_DataType gradientType_ = TF_FLOAT;
  bool decaysFirst_ = true;
  Scalars attributes_{};
};

}  // namespace

void registerAdamW() {
  registerOp<AdamW>("KdAdamW",
                    {"Tgradient: {float, bfloat16}", "kept_first: float", "taken_first: float", "kept_second: float",
                     "taken_second: float", "epsilon: float", "decays_first: bool"},
                    {"parameter: float", "first_moment: float", "second_moment: float", "gradient: Tgradient",
                     "factor: float", "step_size: float", "correction: float", "decay: float", "applies: bool"},
                    {"updated_parameter: float", "updated_first_moment: float", "updated_second_moment: float"});
}

}  // namespace kd
