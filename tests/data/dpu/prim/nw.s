; Alignment of two sequences (Needleman and Wunsch), args = length (up to 31, odd), penalty: the
; table of (length + 1)^2 int32 in WRAM, one anti-diagonal after the other with a barrier between.
        .include "start.s"
        .globl kernel
kernel: sd    r22, 8, d22
        add   r22, r22, 16
        add   r17, r16, 1               ; cells of a row
        jnz   id, 2f
        move  r0, first
        move  r1, sequences
        move  r2, 64
        call  r23, mram_read
        move  r18, 0                    ; first row and column: minus penalties
        move  r19, 0
        lw    r20, zero, args + 4
        lsl   r1, r17, 2
1:      lsl   r2, r18, 2
        sw    r2, table, r19
        move  r0, r18
        call  r23, mul                  ; r18 rows down (r1 = bytes of a row)
        sw    r0, table, r19
        lsl   r1, r17, 2
        sub   r19, r19, r20
        add   r18, r18, 1
        jltu  r18, r17, 1b
2:      call  r23, meet
        move  r18, 2                    ; diagonal: row + column
diagonal: sub r19, r18, r16             ; rows from max(1, d - length)
        jgts  r19, 1, 3f
        move  r19, 1
3:      add   r19, id, r19
cell:   jgtu  r19, r16, 6f
        jgeu  r19, r18, 6f              ; column 1 at least
        sub   r20, r18, r19             ; column
        move  r0, r19
        lsl   r1, r17, 2
        call  r23, mul
        lsl_add r21, r0, r20, 2         ; bytes into the table
        sub   r3, r21, r1
        add   r3, r21, table            ; this cell
        lsl   r2, r17, 2
        sub   r4, r3, r2                ; the one above
        lw    r5, r4, -4
        lbu   r6, r19, first - 1
        lbu   r7, r20, second - 1
        jneq  r6, r7, 4f
        add   r5, r5, 3                 ; equal: 3, different: -1
        jump  5f
4:      add   r5, r5, -1
5:      lw    r6, zero, args + 4
        lw    r7, r4, 0
        sub   r7, r7, r6
        jges  r5, r7, 7f
        move  r5, r7
7:      lw    r7, r3, -4
        sub   r7, r7, r6
        jges  r5, r7, 8f
        move  r5, r7
8:      sw    r3, 0, r5
        add   r19, r19, NTASKLETS
        jump  cell
6:      call  r23, meet
        add   r18, r18, 1
        lsl   r0, r16, 1
        jleu  r18, r0, diagonal
        move  r19, id                   ; rows id, id + N, ... to MRAM
        jgeu  r19, r17, 10f
9:      move  r0, r19
        lsl   r1, r17, 2
        call  r23, mul
        move  r1, output
        add   r1, r1, r0
        add   r0, r0, table
        lsl   r2, r17, 2
        call  r23, mram_write
        add   r19, r19, NTASKLETS
        jltu  r19, r17, 9b
10:     ld    d22, r22, -8
        jump  r23
        .include "../../../../configs/kernels/dpu/lib/mul32.s"
        .section .data.table, "aw"
        .balign 8
table:  .space 4 * 32 * 32
first:  .space 32
second: .space 32
        .section .mram, "aw"
        .balign 8
        .globl sequences, output
sequences: .space 64
output: .space 4096
