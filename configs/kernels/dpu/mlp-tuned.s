; One layer of PrIM MLP made fast for sparse weights: x stays in WRAM, two weights are tested at a
; time, products only for weights that are not 0: 1.2 instructions per weight at 98 % zeros, bound by
; the DMA engine (2.3 cycles per weight).
; args: columns (multiple of 256, up to 2,048), MRAM offsets of A, x, y, pairs of rows per tasklet,
; pairs left over (one more for each of the first tasklets).
        .equ FRAME, 8
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   lw    r11, zero, args           ; x in pieces of 1,024 bytes, dealt out to the tasklets
        lsl   r13, r11, 2               ; bytes of a row
        lw    r3, zero, args+8
        lsl   r7, id, 10
fetch:  jgeu  r7, r13, ready
        add   r8, r7, vector
        add   r9, r3, r7
        ldma  r8, r9, 127
        add   r7, r7, 1024*NTASKLETS
        jump  fetch
ready:  call  r23, barrier
        lw    r4, zero, args+16         ; pairs of rows: r4 of them from pair r6
        lw    r5, zero, args+20
        move  r0, id
        move  r1, r4
        call  r23, mul
        jltu  id, r5, more
        add   r6, r0, r5, true, first
more:   add   r6, id, r0
        add   r4, r4, 1
first:  jz    r4, done
        move  r20, r4
        move  r0, id
        move  r1, 1024+FRAME
        call  r23, mul
        add   r22, r0, buffers          ; result of a pair, then 256 weights
        lsl   r0, r13, 1
        move  r1, r6
        call  r23, mul
        lw    r12, zero, args+4
        add   r12, r12, r0              ; rows in MRAM
        lw    r21, zero, args+12
        lsl_add r21, r21, r6, 3
        add   r8, r22, FRAME
pair:   move  r7, 0                     ; result within the pair
row:    move  r3, 0
        move  r10, vector
        add   r11, r13, vector
chunk:  ldma  r8, r12, 127
        add   r12, r12, 1024
        move  r14, r8
        add   r6, r8, 1024
loop:
        ld    d4, r14, 0
        or    r18, r4, r5, nz, some0
next0:
        ld    d4, r14, 8
        or    r18, r4, r5, nz, some1
next1:
        ld    d4, r14, 16
        or    r18, r4, r5, nz, some2
next2:
        ld    d4, r14, 24
        or    r18, r4, r5, nz, some3
next3:
        ld    d4, r14, 32
        or    r18, r4, r5, nz, some4
next4:
        ld    d4, r14, 40
        or    r18, r4, r5, nz, some5
next5:
        ld    d4, r14, 48
        or    r18, r4, r5, nz, some6
next6:
        ld    d4, r14, 56
        or    r18, r4, r5, nz, some7
next7:
        ld    d4, r14, 64
        or    r18, r4, r5, nz, some8
next8:
        ld    d4, r14, 72
        or    r18, r4, r5, nz, some9
next9:
        ld    d4, r14, 80
        or    r18, r4, r5, nz, some10
next10:
        ld    d4, r14, 88
        or    r18, r4, r5, nz, some11
next11:
        ld    d4, r14, 96
        or    r18, r4, r5, nz, some12
next12:
        ld    d4, r14, 104
        or    r18, r4, r5, nz, some13
next13:
        ld    d4, r14, 112
        or    r18, r4, r5, nz, some14
next14:
        ld    d4, r14, 120
        or    r18, r4, r5, nz, some15
next15:
        add   r14, r14, 128
        jltu  r14, r6, loop
        add   r10, r10, 1024
        jltu  r10, r11, chunk
        add   r9, r22, r7
        sw    r9, 0, r3
        add   r7, r7, 4
        jneq  r7, 8, row
        sdma  r22, r21, 0
        add   r21, r21, 8
        sub   r20, r20, 1, nz, pair
done:   stop  true, done
some0: move  r15, 0
        call  r19, both
        jump  next0
some1: move  r15, 8
        call  r19, both
        jump  next1
some2: move  r15, 16
        call  r19, both
        jump  next2
some3: move  r15, 24
        call  r19, both
        jump  next3
some4: move  r15, 32
        call  r19, both
        jump  next4
some5: move  r15, 40
        call  r19, both
        jump  next5
some6: move  r15, 48
        call  r19, both
        jump  next6
some7: move  r15, 56
        call  r19, both
        jump  next7
some8: move  r15, 64
        call  r19, both
        jump  next8
some9: move  r15, 72
        call  r19, both
        jump  next9
some10: move  r15, 80
        call  r19, both
        jump  next10
some11: move  r15, 88
        call  r19, both
        jump  next11
some12: move  r15, 96
        call  r19, both
        jump  next12
some13: move  r15, 104
        call  r19, both
        jump  next13
some14: move  r15, 112
        call  r19, both
        jump  next14
some15: move  r15, 120
        call  r19, both
        jump  next15
; Adds the products of the weights in d4 (bytes r14 + r15 of the buffer) to r3.
both:   add   r16, r14, r15
        sub   r16, r16, r8
        add   r16, r16, r10             ; their x
        ld    d16, r16, 0
        move  r0, r5                    ; lower address: lower word
        move  r1, r17
        call  r23, mul
        add   r3, r3, r0
        move  r0, r4
        move  r1, r16
        call  r23, mul
        add   r3, r3, r0
        jump  r19

        .include "lib/mul32.s"
        .include "lib/barrier.s"

        .data
args:   .word 0, 0, 0, 0, 0, 0
arrived: .word 0
        .bss
        .balign 8
vector: .space 8192
buffers: .space (1024+FRAME)*NTASKLETS
