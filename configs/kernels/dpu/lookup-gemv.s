; y[row] = sum over k of w[row, k] x[k] by look-up: the codes of 8 / BITS weights are one byte, and a table
; holds what each of the 256 bytes makes of the values in its place. A table is made once and serves every row,
; so a byte of weights costs a load, a shift, a look-up and an addition whatever it holds.
; Weights have BITS bits, signed (1 bit: 0 is -1, 1 is 1), the first in the lowest bits. They lie chunk by
; chunk, in each row after row, BYTES bytes; x (8 bits, at X in MRAM) is padded with zeros to whole chunks.
; args (words): 0 chunks, 1 rows of a tasklet. Sums leave as words from OUT on, tasklet after tasklet.
; Defines: BITS, BYTES of a row in a chunk (a multiple of 8, at most 96), ROWS of a tasklet at most (even).
        .equ  X, 32 << 20
        .equ  OUT, 48 << 20
        .equ  EACH, 8 / BITS            ; values of a table

        .macro grow code                ; the entries so far, with this code for the next value
        .if BITS == 1
        lsl   r5, r0, 1                 ; from -x to x
        .else
        .if \code == 1
        move  r5, r0
        .endif
        .if \code == (1 << (BITS - 1))
        lsl   r5, r0, BITS - 1          ; the smallest number
        neg   r5, r5
        .endif
        .endif
        move  r1, r20
entry\@: lhs  r4, r1, 0
        add   r4, r4, r5
        sh    r3, 0, r4
        add   r1, r1, 2
        add   r3, r3, 2
        jltu  r1, r8, entry\@
        .if BITS > 1
        add   r5, r5, r0
        .endif
        .endm

        .macro each_code
        .rept (1 << BITS) - 1
        grow  (\+ + 1)
        .endr
        .endm

        jeq   id, NTASKLETS - 1, main
        boot  id, 1
main:   lw    r19, zero, args
        move  r14, sums                 ; of this tasklet
        move  r0, id
place:  jz    r0, placed
        add   r14, r14, ROWS * 4
        sub   r0, r0, 1, true, place
placed: move  r0, 0
        lw    r2, zero, args+4
        move  r1, r14
        jz    r2, chunk
clear:  sw    r1, 0, 0
        add   r1, r1, 4
        sub   r2, r2, 1, nz, clear
        move  r18, 0                    ; chunk
chunk:  call  r23, barrier              ; nobody reads the tables any more
        move  r17, id                   ; tables of this tasklet
table:  jgeu  r17, BYTES, tabled
        move  r0, EACH                  ; its values: by DMA of the 8 bytes that hold them
        lsl   r1, r17, 3 - (BITS > 1) - (BITS > 2)
        lw    r2, zero, offset
        add   r1, r1, r2
        and   r2, r1, -8
        add   r2, r2, X
        lsl   r3, id, 3
        add   r3, r3, cells
        ldma  r3, r2, 0
        and   r1, r1, 7
        add   r21, r3, r1               ; the values
        lsl   r20, r17, 9
        add   r20, r20, tables
        move  r4, 0
        .if BITS == 1
        .rept EACH
        lbs   r0, r21, \+
        sub   r4, r4, r0
        .endr
        .endif
        sh    r20, 0, r4
        add   r3, r20, 2
        .rept EACH
        lbs   r0, r21, \+
        move  r8, r3                    ; end of the entries so far
        each_code
        .endr
        add   r17, r17, NTASKLETS
        jump  table
tabled: call  r23, barrier
        lw    r16, zero, args+4
        jz    r16, rowed
        move  r15, r14
        lw    r17, zero, args+8         ; bytes of a chunk of all rows
        move  r0, 0
        move  r12, r18
base:   jz    r12, based
        add   r0, r0, r17
        sub   r12, r12, 1, true, base
based:  lsl   r12, id, 2
        lw    r12, r12, firsts
        add   r12, r12, r0              ; MRAM address of the first row
        lsl   r13, id, 7
        add   r13, r13, frames
row:    add   r5, r13, (BYTES / 8 - 1) << 24
        ldma  r5, r12, 0
        add   r12, r12, BYTES
        lw    r4, r15, 0
        .rept BYTES
        lbu   r5, r13, \+
        lsl   r5, r5, 1
        lhs   r5, r5, tables + 512 * \+
        add   r4, r4, r5
        .endr
        sw    r15, 0, r4
        add   r15, r15, 4
        sub   r16, r16, 1, nz, row
rowed:  call  r23, barrier
        jneq  id, 0, next
        lw    r0, zero, offset
        add   r0, r0, BYTES * EACH
        sw    zero, offset, r0
next:   add   r18, r18, 1
        jltu  r18, r19, chunk
        lsl   r1, id, 2                 ; sums to MRAM, 8 bytes at a time
        lw    r1, r1, outs
        lw    r2, zero, args+4
        jz    r2, done
out:    move  r3, r14
        sdma  r3, r1, 0
        add   r1, r1, 8
        add   r14, r14, 8
        sub   r2, r2, 2, gts, out
done:   stop  true, done
        .include "lib/barrier.s"

        .data
        .balign 8
args:   .space 16
arrived: .word 0
offset: .word 0                         ; of x, in values
firsts: .space 4 * 24
outs:   .space 4 * 24
cells:  .space 8 * 24
frames: .space 128 * 24
sums:   .space 4 * ROWS * NTASKLETS
tables: .space 512 * BYTES
