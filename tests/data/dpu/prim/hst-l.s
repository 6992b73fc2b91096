; Histogram in one table that all tasklets share: 256 bins, bin = pixel * 256 >> 12, one lock around
; every increment, `args` bytes of uint32 below 4,096. Ends with a table in MRAM.
        .include "start.s"
        .equ  BINS, 256
        .globl kernel
kernel: sd    r22, 0, d22
        add   r22, r22, 8
        lsl   r17, id, 2                ; clear, as memset does
        move  r0, 4 * BINS
        move  r1, 0
        jgeu  r17, r0, 2f
1:      sw    r17, histogram, r1
        add   r17, r17, 4 * NTASKLETS
        jltu  r17, r0, 1b
2:      call  r23, meet
        lsl   r17, id, 7
        jgeu  r17, r16, done
block:  sub   r20, r16, r17
        jleu  r20, BUFFER, 3f
        move  r20, BUFFER
3:      move  r0, r14
        move  r1, input
        add   r1, r1, r17
        move  r2, r20
        call  r23, mram_read
        move  r18, r14
        add   r19, r14, r20
pixel:  lw    r0, r18, 0
        move  r1, BINS
        call  r23, mul
        lsr   r4, r0, 12
        .ifndef ADDRESS_INSIDE          ; as the vendor's compiler; else as the public back end
        lsl   r4, r4, 2
        add   r1, r4, histogram
        .endif
        move  r0, table_lock
        acquire r0, 0, nz, .
        .ifdef ADDRESS_INSIDE
        lsl   r4, r4, 2
        add   r1, r4, histogram
        .endif
        lw    r2, r1, 0
        add   r2, r2, 1
        sw    r1, 0, r2
        release r0, 0, nz, .+1
        add   r18, r18, 4
        jltu  r18, r19, pixel
        add   r17, r17, BUFFER * NTASKLETS
        jltu  r17, r16, block
done:   call  r23, meet
        jnz   id, 4f
        move  r0, histogram
        move  r1, output
        move  r2, 4 * BINS
        call  r23, mram_write
4:      ld    d22, r22, -8
        jump  r23
        .include "../../../../configs/kernels/dpu/lib/mul32.s"
        .section .atomic.table, "aw"
table_lock: .byte 0
        .section .data.histogram, "aw"
        .balign 8
histogram: .space 4 * BINS
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 65536
output: .space 65536
