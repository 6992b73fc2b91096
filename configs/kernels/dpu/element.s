; Element-wise kernels and pools. `work` (macro of lib/element.s that the caller chooses) does one tile: the
; input starts at r22 and ends at r16, a second operand lies at r22 + 512, the output at r22 + 1024;
; r1..r15 are free, r17..r22 keep.
; args (words): 0 elements of a tile, 1 input bytes, 2 output bytes, 3 of an average: 2^16 over its
; elements). jobs: four words a tasklet: MRAM address of
; its inputs, of its outputs, tiles, WRAM address of its frame. Second operands follow the first in
; MRAM, tile by tile. Defines: UNROLL, SECOND (0 none, 1 as long as the input, 2 twice as long).
        .include "lib/element.s"
main:   move  r0, jobs
        lsl_add r0, r0, id, 4
        lw    r19, r0, 0
        lw    r18, r0, 4
        lw    r17, r0, 8
        lw    r22, r0, 12
        jz    r17, done
tile:   lw    r21, zero, args+4
        lsl   r5, r21, 21
        add   r5, r5, -0x1000000
        add   r5, r5, r22
        ldma  r5, r19, 0
        add   r19, r19, r21
        add   r16, r22, r21
        .if SECOND == 2
        lsl   r4, r21, 21
        add   r5, r5, r4
        .endif
        .if SECOND
        add   r5, r5, 512
        ldma  r5, r19, 0
        add   r19, r19, r21
        .endif
        .if SECOND == 2
        add   r19, r19, r21
        .endif
        work
        lw    r20, zero, args+8
        lsl   r5, r20, 21
        add   r5, r5, -0x1000000
        add   r5, r5, r22
        add   r5, r5, 1024
        sdma  r5, r18, 0
        add   r18, r18, r20
        sub   r17, r17, 1, nz, tile
done:   stop  true, done
        .data
        .balign 8
args:   .space 16
jobs:   .space 16*24
table:  .space 1024
