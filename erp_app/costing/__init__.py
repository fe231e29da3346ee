"""What goods cost: FIFO layers, the pieces cut from them, and what happens to both when the past changes.

The ledger rows, and what each means (one implementation of the arithmetic: `rules.py`; everything else repeats it):

- A *layer* is what one movement laid into one queue (item, place, lot). Its identity never changes: the movement that made
  it and the layer it was cut from (none for goods from outside, for what was produced, and for merged goods). A replay
  that no longer makes a layer leaves its row with quantity 0; a replay that makes it again finds the same row.
- `cost_piece` rows say what every movement is worth; current = the sum by (move_id, layer_id, document_id):
  - goods taken out of a layer: layer_id = that layer (one contiguous piece per movement and layer);
  - goods that enter (a receipt's given value, a production output's share): layer_id = the layer the movement itself made;
  - a revaluation's own amount: quantity 0 on the revalued layer and the movement that made it.
- `document_id` of a piece is the document whose journal carries the amount: the movement's own document for the value as
  posted (all revaluations effective at or before it included), the revaluation's document for what the revaluation changed
  in everything before it. `cause_document_id` is the document whose entry made us write the row, `date` its journal's date.
- Everything is ordered by (effective_at, id); movements and revaluations take their ids from one sequence.
"""
