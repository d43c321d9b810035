// The kernel of `KdRowLoop`.
#include "row_loop.h"
#include <algorithm>
#include <string>
#include "kernels.h"
#include "row_frame.h"
#include "row_program.h"
#include "worker_pool.h"

namespace kd {
namespace {

std::string textAttribute(TF_OpKernelConstruction* construction, const char* name) {
  Status status;
  int32_t list = 0, size = 0;
  TF_OpKernelConstruction_GetAttrSize(construction, name, &list, &size, status.get());
  status.check();
  std::string text(static_cast<size_t>(size), '\0');
  TF_OpKernelConstruction_GetAttrString(construction, name, &text[0], text.size(), status.get());
  status.check();
  return text;
}

class RowLoop {
 public:
  explicit RowLoop(TF_OpKernelConstruction* construction) : program_(textAttribute(construction, "program")) {}

  void compute(TF_OpKernelContext* context) const {
    Tensors tensors;
    int inputs = 0, outputs = 0;
    for (const Slot& slot : program_.slots) {
      const int64_t values = slot.rows * (slot.isArray ? program_.width : 1);
      tensors.push_back(slot.storage == Storage::Input    ? inputOf(context, inputs++, slot.type, values)
                        : slot.storage == Storage::Output ? outputOf(context, outputs++, slot.type, slot.shape)
                                                          : Tensor(nullptr, TF_DeleteTensor));
    }
    const int64_t piece = program_.pieceWidth(), width = program_.width;
    const int64_t perRow = (width + piece - 1) / piece, pieces = program_.rows * perRow;
    WorkerPool::shared().run(pieces, std::max<int64_t>(1, kValuesOfPart / piece), [&](int64_t begin, int64_t end) {
      Frame frame(program_, tensors);
      for (int64_t i = begin; i < end; i++) {
        const int64_t column = i % perRow * piece;
        frame.compute(i / perRow, column, std::min(piece, width - column));
      }
    });
  }

 private:
  const RowProgram program_;
};

}  // namespace

void registerRowLoop() {
  registerOp<RowLoop>("KdRowLoop",
                      {"Tin: list({float, bfloat16, bool}) >= 1", "Tout: list({float, bfloat16, bool}) >= 1",
                       "program: string"},
                      {"inputs: Tin"}, {"outputs: Tout"});
}

}  // namespace kd
