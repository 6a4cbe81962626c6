"""`utils.bounding_boxes`: formats of boxes, overlaps, encodings; the functions live in `ops`."""

from __future__ import annotations

from cornu.ops.boxes.deltas import decode_deltas_to_boxes as decode_deltas_to_boxes
from cornu.ops.boxes.deltas import encode_box_to_deltas as encode_box_to_deltas
from cornu.ops.boxes.formats import affine_transform as affine_transform
from cornu.ops.boxes.formats import clip_to_image_size as clip_to_image_size
from cornu.ops.boxes.formats import convert_format as convert_format
from cornu.ops.boxes.formats import crop as crop
from cornu.ops.boxes.formats import pad as pad
from cornu.ops.boxes.overlap import compute_ciou as compute_ciou
from cornu.ops.boxes.overlap import compute_iou as compute_iou
