; y = W x. `body` (one group of multiply-accumulates), `unscale` and `finish` (what becomes of a sum)
; are macros of lib/mac.s that the caller chooses; instruction files may bring others.
; args (words): 0 chunks of a row, 1 weight bytes of a chunk, 2 vector bytes of a chunk, 3 vectors,
; 4 bytes of one vector, 5 MRAM address of the vectors, 6 bytes of all vectors, 7 sum that belongs to
; binary weights. jobs: four words a tasklet: MRAM address of its weights, of its outputs, rows, WRAM
; address of its frame (1,024 bytes of weights, 64 of sums, then its outputs). scales: multiplier.
; Defines: UNROLL bodies in a row, WSTEP and XSTEP bytes of a body, LOOPSHIFT log2(UNROLL * WSTEP).
        .include "lib/mac.s"
main:   lsl   r0, id, 8
        lw    r1, zero, args+24
load:   jgeu  r0, r1, loaded            ; vectors: blocks of 256 bytes, dealt out to the tasklets
        lw    r3, zero, args+20
        add   r3, r3, r0
        add   r2, r0, vectors + (31 << 24)
        ldma  r2, r3, 0
        add   r0, r0, NTASKLETS << 8
        jump  load
loaded: call  r23, barrier
        move  r0, jobs
        lsl_add r0, r0, id, 4
        lw    r19, r0, 0
        lw    r14, r0, 4
        lw    r16, r0, 8
        lw    r22, r0, 12
        jz    r16, done
        add   r15, r22, 1088            ; outputs
row:    lw    r17, zero, args
        move  r20, vectors
        lw    r18, zero, args+12
        add   r13, r22, 1024
clear:  sw    r13, 0, 0
        add   r13, r13, 4
        sub   r18, r18, 1, nz, clear
chunk:  lw    r21, zero, args+4         ; one tile: weights by DMA, then every vector
        lsl   r5, r21, 21               ; size in units of 8 bytes, less one, in the top byte
        add   r5, r5, -0x1000000
        add   r5, r5, r22
        ldma  r5, r19, 0
        add   r19, r19, r21
        add   r3, r22, r21
        move  r2, r20
        lw    r18, zero, args+12
        add   r13, r22, 1024
pass:   lw    r4, r13, 0                ; one vector: its sum so far, the loop, back
        move  r1, r22
        move  r21, r2
        repeat_begin mac
        .rept UNROLL
        body  (\+ * WSTEP), (\+ * XSTEP)
        .endr
        advance UNROLL * WSTEP, UNROLL * XSTEP
        repeat_end mac
        sw    r13, 0, r4
        lw    r2, zero, args+16
        add   r2, r2, r21
        add   r13, r13, 4
        sub   r18, r18, 1, nz, pass
        lw    r5, zero, args+8
        add   r20, r20, r5
        sub   r17, r17, 1, nz, chunk
        lw    r18, zero, args+12
        add   r13, r22, 1024
out:    lw    r4, r13, 0                ; one output
        unscale
        finish
        add   r13, r13, 4
        sub   r18, r18, 1, nz, out
        sub   r16, r16, 1, nz, row
        add   r0, r22, 1088
        sub   r1, r15, r0
        lsl   r1, r1, 21
        add   r1, r1, -0x1000000
        add   r1, r1, r0
        sdma  r1, r14, 0
done:   stop  true, done

        .include "lib/barrier.s"

        .data
        .balign 8
args:   .space 32
scales: .word 0
arrived: .word 0
jobs:   .space 16*24
vectors: .space 8
