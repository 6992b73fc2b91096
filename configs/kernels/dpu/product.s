; y[row, place] = finish(bias + sum over k of w[row, k] x[place, k]): dense layers (a place is a vector),
; convolutions (a place is a position of the window, its values are gathered), attention, searches.
; `body` (one group of multiply-accumulates), `unscale`, `first` (what a sum starts with), `prepare` (how
; the values of a place become an operand) and `finish` are macros that the caller chooses.
; Weights lie in tiles: header (bias, multiplier, shift, unused), then those of one chunk of a row.
; Every tasklet has rows of its own and waits for its own transfers while the others compute, which is
; what two buffers do on other machines.
; args (words): 0 chunks of a row, 1 bytes of a tile, 2 operand bytes of a chunk, 3 places, 4 operand bytes
; of a place, 5 MRAM address of x, 6 bytes of x, 7 WRAM address of the operands, 8 zero point, 9 smallest,
; 10 largest output, 11 runs of a place, 12 values of a run, 13 bytes from the end of a run to the next,
; 14 bytes of x from row to row (ROWX), 15 words of an operand.
; jobs: eight words a tasklet: MRAM address of its tiles, of its outputs, rows, WRAM address of its frame,
; bytes of x before its first row. places: where each begins in x.
; Defines: UNROLL, WSTEP, XSTEP bytes of a body, LOOPSHIFT log2(UNROLL * WSTEP), BYTES of a value of x,
; GATHER, ROWX (every row has an x of its own), OWNBYTES of its operands, FIRST (sums do not start with 0).
        .equ  SUMS, 1040                ; frame: tile, 64 sums, 64 first sums, own operands or outputs
        .equ  FIRSTS, SUMS + 256
        .equ  OWN, FIRSTS + 272
        .include "lib/mac.s"
        .include "lib/requantise.s"

        .macro all_firsts               ; sums of the operands from r20 on, for this tasklet
        lw    r18, zero, args+12
        add   r13, r22, FIRSTS
        move  r2, r20
first_next:
        move  r21, r2
        first
        sw    r13, 0, r4
        add   r13, r13, 4
        lw    r2, zero, args+16
        add   r2, r2, r21
        sub   r18, r18, 1, nz, first_next
        .endm

main:   lsl   r0, id, 8
        lw    r1, zero, args+24
load:   jgeu  r0, r1, loaded            ; x: blocks of 256 bytes, dealt out to the tasklets
        lw    r3, zero, args+20
        add   r3, r3, r0
        add   r2, r0, x + (31 << 24)
        ldma  r2, r3, 0
        add   r0, r0, NTASKLETS << 8
        jump  load
loaded: call  r23, barrier
        move  r0, jobs
        lsl_add r0, r0, id, 5
        lw    r19, r0, 0
        lw    r14, r0, 4
        lw    r16, r0, 8
        lw    r22, r0, 12
        lw    r15, r0, 16
        sw    r22, OWN - 4, r15         ; x of the row
        .if GATHER && ROWX == 0         ; operands that all tasklets use
        move  r12, id
        move  r21, NTASKLETS
        move  r3, x
        lw    r20, zero, args+28
        call  r23, gather
        call  r23, barrier
        lw    r16, r22, OWN - 8
        .endif
        jz    r16, done
        add   r15, r22, OWN
        lw    r20, zero, args+28
        .if ROWX
        add   r20, r22, OWN
        add   r15, r15, OWNBYTES
        .endif
        .if FIRST && ROWX == 0
        all_firsts
        .endif
row:
        .if ROWX
        move  r12, 0
        move  r21, 1
        lw    r3, r22, OWN - 4
        lw    r5, zero, args+56
        add   r5, r5, r3
        sw    r22, OWN - 4, r5
        add   r3, r3, x
        call  r23, gather
        .if FIRST
        all_firsts
        .endif
        .endif
        lw    r17, zero, args
        lw    r18, zero, args+12
        add   r13, r22, SUMS
clear:
        .if FIRST
        lw    r4, r13, FIRSTS - SUMS
        sw    r13, 0, r4
        .else
        sw    r13, 0, 0
        .endif
        add   r13, r13, 4
        sub   r18, r18, 1, nz, clear
chunk:  lw    r21, zero, args+4         ; one tile: weights by DMA, then every place
        lsl   r5, r21, 21               ; size in units of 8 bytes, less one, in the top byte
        add   r5, r5, -0x1000000
        add   r5, r5, r22
        ldma  r5, r19, 0
        add   r19, r19, r21
        add   r3, r22, r21
        move  r2, r20
        lw    r18, zero, args+12
        add   r13, r22, SUMS
pass:   lw    r4, r13, 0                ; one place: its sum so far, the loop, back
        add   r1, r22, 16
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
        lw    r17, zero, args           ; back to the first chunk
        lw    r5, zero, args+8
back:   sub   r20, r20, r5
        sub   r17, r17, 1, nz, back
        lw    r18, zero, args+12
        add   r13, r22, SUMS
out:    lw    r4, r13, 0                ; one output
        unscale
        lw    r5, r22, 0
        add   r4, r4, r5
        finish
        add   r13, r13, 4
        sub   r18, r18, 1, nz, out
        sub   r16, r16, 1, nz, row
        add   r0, r22, OWN
        .if ROWX
        add   r0, r0, OWNBYTES
        .endif
        sub   r1, r15, r0               ; whole words
        add   r1, r1, 7
        lsr   r1, r1, 3
        lsl   r1, r1, 24
        add   r1, r1, -0x1000000
        add   r1, r1, r0
        sdma  r1, r14, 0
done:   stop  true, done

        .if GATHER                      ; places r12, r12 + r21, ... of x at r3 become operands at r20
gather: sw    r22, OWN - 8, r16
        sw    r22, OWN - 12, r23
        lw    r18, zero, args+12
        lw    r5, zero, args+16
        move  r1, r20                   ; operand of the first place
        move  r4, r12
skip:   jz    r4, more
        add   r1, r1, r5
        sub   r4, r4, 1, true, skip
more:   jgeu  r12, r18, gathered
        lsl   r4, r12, 2
        lw    r2, r4, places
        add   r2, r2, r3
        move  r13, r1
        prepare
        move  r4, r21                   ; the place after next, r21 further on
        lw    r5, zero, args+16
step:   add   r1, r1, r5
        sub   r4, r4, 1, nz, step
        add   r12, r12, r21
        jump  more
gathered:
        lw    r16, r22, OWN - 8
        lw    r23, r22, OWN - 12
        jump  r23
        .endif

        .include "lib/barrier.s"

        .data
        .balign 8
args:   .space 64
arrived: .word 0
        .balign 8
jobs:   .space 32*24
places: .space 4*64
table:  .space 512                      ; of formats that look weights up
        .balign 8
x:      .space 8
