#pragma once
#include "apps/shards/part.hpp"
#include "lab/evaluation/disentanglement/evaluation_pieces.hpp"

namespace nelbo {

/// What a piece of an evaluation came to, as an item of a shard, to the last bit.
ItemResult item_of(const disentanglement::PieceResult& piece);
/// The piece of such an item. Throws Error for one that is none.
disentanglement::PieceResult piece_of(const ItemResult& item);

}  // namespace nelbo
